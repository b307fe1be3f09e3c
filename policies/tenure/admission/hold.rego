# What a legal hold forbids, and which tenants can be held.
package tenure.admission

# Whatever the hold says: a malformed hold is a hold, too.
denials contains {
	"rule": "lifecycle.hold",
	"message": $"The tenant is held: {input.tenant.spec.hold.reason}",
	"fix": "Release the hold with the verb release-hold first.",
	"pointer": "/spec/hold",
} if {
	"lifecycle.hold" in applicable
	"hold" in object.keys(input.tenant.spec)
}

denials contains {
	"rule": "tenant.registered",
	"message": $"There is no tenant {input.tenant.name}.",
	"fix": "Apply its manifest first.",
} if {
	"tenant.registered" in applicable
	not registered
}

registered if is_string(input.tenant.uid)
