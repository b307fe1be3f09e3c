package tenure.authz_test

import data.tenure.authz

own := "01hzzzzzzzzzzzzzzzzzzzzza1"

foreign := "01hzzzzzzzzzzzzzzzzzzzzzb2"

decide(action, actor, target) := response if {
	response := authz.decision with input as {
		"v": 1,
		"now": "2026-11-21T10:00:00.000Z",
		"action": action,
		"actor": object.union({"subject": "alice"}, actor),
		"target": target,
	}
}

tenant(uid) := {"kind": "Tenant", "name": "acme", "tenant": uid}

absent := {"kind": "Tenant", "name": "acme"}

reads := {action | some action, _ in data.actions; regex.match(`\.(get|list)$`, action)}

for_admins_alone := {
	"operation.abandon",
	"plan.apply",
	"plan.delete",
	"region.apply",
	"region.delete",
	"template.apply",
	"template.delete",
	"tenant.hold",
	"tenant.pass_brake",
	"tenant.purge",
	"tenant.release_hold",
	"webhook.apply",
	"webhook.delete",
	"webhook.rotate_secret",
}

audits := {"audit.get", "audit.list"}

expected_grants := {
	"admin": object.keys(data.actions),
	"operator": object.keys(data.actions) - for_admins_alone,
	# Entries of the ledger name people.
	"auditor": (reads | {"access.check", "audit.verify"}),
	"viewer": ((reads - audits) | {"access.check", "audit.verify"}),
	"service": {"access.check", "operation.get", "tenant.open"},
	# A roll-out and a webhook concern tenants of the whole fleet.
	"tenant-admin": ((reads - (audits | {"rollout.get", "webhook.get", "webhook.list"})) | {"access.check", "tenant.open"}),
}

actor_of(role) := {"roles": [role]} if not data.roles[role].confined

actor_of(role) := {"roles": [role], "tenants": [own]} if data.roles[role].confined

test_each_role_allows_exactly_its_actions if {
	object.keys(data.roles) == object.keys(expected_grants)
	every role, actions in expected_grants {
		granted := {action |
			some action, _ in data.actions
			decide(action, actor_of(role), tenant(own)).allow
		}
		granted == actions
	}
}

test_actions_of_roles_exist if {
	every grant in data.roles {
		every action in grant.actions {
			data.actions[action]
		}
	}
}

test_an_allowed_request_names_its_rule if {
	decide("tenant.get", {"roles": ["viewer"]}, tenant(own)) == {
		"allow": true,
		"deny": [],
		"obligations": [],
		"rules": ["authz.role"],
	}
}

test_roles_add_up if {
	decide("tenant.update", {"roles": ["viewer", "operator"]}, tenant(own)).allow
}

test_unknown_role_grants_nothing if {
	every action, _ in data.actions {
		not decide(action, {"roles": ["root", "Admin", ""]}, tenant(own)).allow
	}
}

test_no_role_grants_nothing if {
	every action, _ in data.actions {
		decide(action, {"roles": []}, tenant(own)).rules == ["authz.role"]
	}
}

test_a_missing_role_names_the_roles_that_allow_the_action if {
	decide("tenant.update", {"roles": ["viewer"]}, tenant(own)).deny == [{
		"rule": "authz.role",
		"message": "No role of the caller allows tenant.update.",
		"fix": "Ask for one of the allowed roles, or use a token that has it.",
		"allowed": ["admin", "operator"],
	}]
}

test_unknown_action_is_refused_to_everyone if {
	every action in ["tenant.destroy", "", "tenant", "tenant.*", "TENANT.GET", "tenant.release-hold"] {
		response := decide(action, {"roles": ["admin"]}, tenant(own))
		response.allow == false
		response.deny == [{
			"rule": "authz.request",
			"message": "The request has no action that policy knows.",
			"fix": "Use one of the allowed actions in a request of version 1.",
			"allowed": sort(object.keys(data.actions)),
		}]
	}
}

test_another_version_of_the_request_is_refused if {
	request := {"v": 2, "action": "tenant.get", "actor": {"roles": ["admin"]}, "target": absent}
	response := authz.decision with input as request
	response.rules == ["authz.request"]
}

test_an_empty_request_is_refused if {
	every request in [{}, null, [], "x", {"v": 1}, {"actor": {}}] {
		response := authz.decision with input as request
		response.allow == false
		count(response.deny) > 0
	}
}
