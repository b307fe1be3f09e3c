# When a deleted tenant may be purged.
package tenure.admission

denials contains {
	"rule": "retention.purge_time",
	"message": "The tenant has no purge time.",
	"fix": "Delete the tenant first; that sets the time.",
} if {
	"retention.purge_time" in applicable
	not purge_time
}

denials contains {
	"rule": "retention.purge_time",
	"message": $"The tenant can be restored until {purge_time} and is not purged before.",
	"fix": "Wait until then, or request an early purge.",
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

# Times in this form have the same order as their texts (RFC 3339, section 5.1).
is_time(text) if regex.match(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$`, text)
