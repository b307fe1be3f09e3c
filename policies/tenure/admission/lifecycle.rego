# What the tenant's state allows.
package tenure.admission

denials contains {
	"rule": "lifecycle.open",
	"message": $"The tenant is {input.tenant.lifecycle}; only an Active tenant can be opened.",
	"fix": "Activate a Draft, resume a Suspended tenant or reactivate an Archived one first.",
	"pointer": "/spec/lifecycle",
	"allowed": ["Active"],
} if {
	"lifecycle.open" in applicable
	not input.tenant.lifecycle == "Active"
}

# An operation asks with the state in which it started; the tenant keeps that state until the last commit.
denials contains {
	"rule": "lifecycle.transition",
	"message": $"The tenant is {input.tenant.lifecycle}; {input.action} is not possible in this state.",
	"fix": $"{way_there}",
	"allowed": sort({state | some state in data.admission[input.action].from}),
} if {
	"lifecycle.transition" in applicable
	not goes_from_here
}

goes_from_here if input.tenant.lifecycle in data.admission[input.action].from

way_there := "Undelete the tenant first." if input.tenant.lifecycle == "Deleted"

way_there := data.admission[input.action].fix if not input.tenant.lifecycle == "Deleted"
