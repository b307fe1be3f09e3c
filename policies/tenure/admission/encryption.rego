# The keys that encrypt the tenant's data.
package tenure.admission

denials contains {
	"rule": "encryption.data_key",
	"message": "The tenant is placed, but it has no data key.",
	"fix": "Ask the operator to restore the tenant's data key.",
} if {
	"encryption.data_key" in applicable
	input.placement
	not wrapped_by
}

wrapped_by := input.dataKey.wrappedBy if is_string(input.dataKey.wrappedBy)

denials contains {
	"rule": "encryption.data_key",
	"message": $"The tenant's data key is wrapped by {wrapped_by}, which is not a wrapping key of plan {input.plan.name}.",
	"fix": "Ask the operator to wrap it with one of the allowed keys, or use a plan that allows this one.",
	"pointer": "/spec/plan",
	"allowed": sort({key | some key in plan.encryption.wrappingKeys}),
} if {
	"encryption.data_key" in applicable
	input.placement
	wrapped_by
	"encryption" in object.keys(plan)
	not wrapped_as_planned
}

wrapped_as_planned if wrapped_by in plan.encryption.wrappingKeys

denials contains {
	"rule": "encryption.wrapping_key",
	"message": $"This installation has no wrapping key of plan {input.plan.name}.",
	"fix": "Ask the operator for one of the allowed keys, or use another plan.",
	"pointer": "/spec/plan",
	"allowed": sort({key | some key in plan.encryption.wrappingKeys}),
} if {
	"encryption.wrapping_key" in applicable
	"encryption" in object.keys(plan)
	not wrapping_key_is_there
}

wrapping_key_is_there if {
	some key in plan.encryption.wrappingKeys
	key in input.wrappingKeys
}
