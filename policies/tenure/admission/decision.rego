# May the tenant become this? Request and response are contracts/policy.ts.
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

# The rules that the action must satisfy; none for an action that is not known, and so nothing allows it.
default applicable := set()

applicable := {
	"lifecycle.open",
	"residency.placement",
	"tenant.plan_known",
} if {
	well_formed
	input.action == "tenant.open"
}

applicable := {
	"quota.tables",
	"residency.placement",
	"residency.preferred_region",
	"residency.some_region",
	"tenant.mode_allowed",
	"tenant.plan_known",
	"tenant.regions_known",
} if {
	well_formed
	input.action in {"tenant.activate", "tenant.create", "tenant.update"}
}

well_formed if {
	input.v == 1
	is_string(input.tenant.lifecycle)
	count(input.tenant.spec.services) > 0
	is_array(input.regions)
}

denials contains {
	"rule": "admission.request",
	"message": "The request is not one that admission can decide.",
	"fix": "Ask for one of the allowed actions in a complete request of version 1.",
	"allowed": ["tenant.activate", "tenant.create", "tenant.open", "tenant.update"],
} if {
	count(applicable) == 0
}

rules := response.rules_of(denials) if not allow

rules := sort(applicable) if allow
