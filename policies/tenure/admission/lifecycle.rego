# What the tenant's state allows.
package tenure.admission

denials contains {
	"rule": "lifecycle.open",
	"message": $"The tenant is {input.tenant.lifecycle}; only an Active tenant can be opened.",
	"fix": "Activate the tenant first.",
	"pointer": "/spec/lifecycle",
	"allowed": ["Active"],
} if {
	"lifecycle.open" in applicable
	not input.tenant.lifecycle == "Active"
}
