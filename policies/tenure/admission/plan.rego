# What the tenant's plan allows. A missing plan is reported alone: `plan` is undefined, and so are all rules that read
# it.
package tenure.admission

plan := input.plan.spec if {
	input.plan.name == input.tenant.spec.plan
	is_array(input.plan.spec.isolationModes)
	is_number(input.plan.spec.quotas.tables)
}

denials contains {
	"rule": "tenant.plan_known",
	"message": $"There is no plan {input.tenant.spec.plan}.",
	"fix": "Name a plan that exists, or apply this one first.",
	"pointer": "/spec/plan",
} if {
	"tenant.plan_known" in applicable
	not plan
}

# The mode in the manifest; otherwise the mode of the tenant, because an absent placement means "unchanged"; otherwise
# the default.
default mode := "dedicated"

mode := input.tenant.spec.placement.mode

mode := input.placement.mode if not input.tenant.spec.placement.mode

denials contains {
	"rule": "tenant.mode_allowed",
	"message": $"Plan {input.plan.name} does not offer the isolation mode {mode}.",
	"fix": "Use one of the allowed modes, or a plan that offers this one.",
	"pointer": "/spec/placement/mode",
	"allowed": sort(plan.isolationModes),
} if {
	"tenant.mode_allowed" in applicable
	not mode in plan.isolationModes
}

# Every collection is two tables: itself and its index on _id.
tables := sum([own |
	some service in input.tenant.spec.services
	some collection in service.collections
	own := 2 + count(object.get(collection, "indexes", []))
])

denials contains {
	"rule": "quota.tables",
	"message": $"The tenant declares {tables} collections and indexes, including those on _id; plan {input.plan.name} allows {plan.quotas.tables}.",
	"fix": "Declare fewer collections or indexes, or use a plan that allows more.",
	"pointer": "/spec/services",
} if {
	"quota.tables" in applicable
	not tables <= plan.quotas.tables
}
