# When a deleted tenant may be purged.
package tenure.admission

denials contains {
	"rule": "retention.purge_time",
	"message": "The tenant has no time at which it is purged.",
	"fix": "Delete the tenant first; that sets the time.",
} if {
	"retention.purge_time" in applicable
	not purge_time
}

denials contains {
	"rule": "retention.purge_time",
	"message": $"The tenant can be brought back until {purge_time} and is not purged before.",
	"fix": "Wait until then, or ask for the purge before its time.",
} if {
	"retention.purge_time" in applicable
	purge_time
	not purge_is_due
}

purge_time := input.deletion.purgeTime if is_time(input.deletion.purgeTime)

purge_is_due if {
	is_time(input.now)
	purge_time <= input.now
}

purge_is_due if input.early == true

# Times of this one form stand in the order of their texts (RFC 3339, section 5.1).
is_time(text) if regex.match(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$`, text)
