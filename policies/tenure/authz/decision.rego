# May this actor do this at all? Request and response are contracts/policy.ts.
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

# Undefined for an action that nobody declared: nothing below grants or excuses it then.
touches := data.actions[input.action].touches if input.v == 1

denials contains {
	"rule": "authz.request",
	"message": "The request names no action that policy knows.",
	"fix": "Ask for one of the allowed actions in a request of version 1.",
	"allowed": sort(object.keys(data.actions)),
} if {
	not touches
}

default obligations := []

# A list cannot be refused row by row here: whoever answers it must leave out every tenant the caller is not confined to.
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
