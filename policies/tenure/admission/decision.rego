# May the tenant become this? Request and response are defined in contracts/policy.ts.
package tenure.admission

import data.tenure.response

decision := {
	"allow": allow,
	"deny": response.ordered(denials),
	"obligations": [],
	"rules": rules,
}

default allow := false

allow if {
	count(applicable) > 0
	count(denials) == 0
}

# The rules that the request must satisfy. There are none for an unknown action, and so nothing allows it.
default applicable := set()

applicable := {rule | some rule in data.admission[input.action].rules} if well_formed

well_formed if {
	input.v == 1
	is_string(input.tenant.lifecycle)
	count(input.tenant.spec.services) > 0
	is_array(input.regions)
	placement_is_readable
}

placement_is_readable if not "placement" in object.keys(input)

placement_is_readable if {
	is_string(input.placement.region)
	is_string(input.placement.cell)
	is_string(input.placement.mode)
}

denials contains {
	"rule": "admission.request",
	"message": "Admission cannot decide this request.",
	"fix": "Use one of the allowed actions in a complete request of version 1.",
	"allowed": sort(object.keys(data.admission)),
} if {
	count(applicable) == 0
}

rules := response.rules_of(denials) if not allow

rules := sort(applicable) if allow
