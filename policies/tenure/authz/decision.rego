# May this actor do this at all? Request and response are defined in contracts/policy.ts.
package tenure.authz

import data.tenure.response

decision := {
	"allow": allow,
	"deny": response.ordered(denials),
	"obligations": obligations,
	"rules": rules,
}

default allow := false

allow if {
	granted
	count(denials) == 0
}

# Undefined for an unknown action, so that no rule below allows it.
touches := data.actions[input.action].touches if input.v == 1

denials contains {
	"rule": "authz.request",
	"message": "The request has no action that policy knows.",
	"fix": "Use one of the allowed actions in a request of version 1.",
	"allowed": sort(object.keys(data.actions)),
} if {
	not touches
}

default obligations := []

# Policy cannot deny single items of a list. The API must leave out every tenant that the caller is not confined to.
obligations := [{"id": "confine-to-tenants"}] if {
	allow
	confined
	touches == "tenants"
}

rules := response.rules_of(denials) if not allow

rules := ["authz.role"] if {
	allow
	not confined
}

rules := ["authz.confined", "authz.role"] if {
	allow
	confined
}
