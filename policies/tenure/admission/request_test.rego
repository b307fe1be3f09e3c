# A request that is allowed, and the tests of what every request must satisfy.
package tenure.admission_test

import data.tenure.admission

region(name, jurisdiction) := {"name": name, "spec": {
	"jurisdiction": jurisdiction,
	"cells": [{"name": $"{name}-a", "tableBudget": 20000}, {"name": $"{name}-b", "tableBudget": 20000}],
	"acceptsTenants": true,
}}

request := {
	"v": 1,
	"now": "2026-11-21T10:00:00.000Z",
	"action": "tenant.update",
	"actor": {"subject": "alice", "roles": ["operator"]},
	"tenant": {
		"name": "acme",
		"lifecycle": "Draft",
		"spec": {
			"plan": "team",
			"residency": {"allowedRegions": ["eu-north", "eu-west"], "jurisdictions": ["EU"]},
			"placement": {"mode": "dedicated", "preferredRegion": "eu-west"},
			"services": [{"name": "orders", "strategy": "dedicated", "collections": [
				{"name": "orders", "indexes": [{"keys": [{"field": "at", "order": 1}]}]},
				{"name": "lines", "indexes": []},
			]}],
		},
	},
	"plan": {"name": "team", "spec": {"isolationModes": ["schema", "dedicated"], "quotas": {"tables": 5}}},
	"regions": [region("eu-west", "EU"), region("eu-north", "EU"), region("us-east", "US")],
}

placement := {"region": "eu-west", "cell": "eu-west-a", "mode": "dedicated"}

placed := [
	{"op": "replace", "path": "/tenant/lifecycle", "value": "Active"},
	{"op": "add", "path": "/placement", "value": placement},
]

set_to(path, value) := {"op": "add", "path": path, "value": value}

removed(path) := {"op": "remove", "path": path}

# What admission answers when the request is changed so.
decide(patches) := response if {
	response := admission.decision with input as json.patch(request, patches)
}

changes := {"tenant.activate", "tenant.create", "tenant.update"}

test_an_allowed_change_names_every_rule_it_passed if {
	every action in changes {
		decide([set_to("/action", action)]) == {
			"allow": true,
			"deny": [],
			"obligations": [],
			"rules": [
				"quota.tables",
				"residency.placement",
				"residency.preferred_region",
				"residency.some_region",
				"tenant.mode_allowed",
				"tenant.plan_known",
				"tenant.regions_known",
			],
		}
	}
}

test_the_least_manifest_is_allowed if {
	decide([removed("/tenant/spec/residency"), removed("/tenant/spec/placement")]).allow
}

test_what_admission_cannot_decide_is_refused if {
	every patch in [
		set_to("/v", 2),
		set_to("/action", "tenant.destroy"),
		set_to("/action", "tenant.get"),
		removed("/tenant/lifecycle"),
		removed("/tenant/spec"),
		removed("/tenant/spec/services"),
		set_to("/tenant/spec/services", []),
		removed("/regions"),
	] {
		response := decide([patch])
		response.allow == false
		response.rules == ["admission.request"]
	}
}

test_a_request_that_cannot_be_decided_is_told_so_and_nothing_else if {
	every action in changes | {"tenant.open"} {
		misplaced := [set_to("/action", action), set_to("/placement", {"region": "mars"}), set_to("/regions", null)]
		decide(array.concat(placed, misplaced)).deny == [{
			"rule": "admission.request",
			"message": "The request is not one that admission can decide.",
			"fix": "Ask for one of the allowed actions in a complete request of version 1.",
			"allowed": sort(object.keys(data.admission)),
		}]
	}
}

test_an_empty_request_is_refused if {
	every empty in [{}, null, [], "x"] {
		response := admission.decision with input as empty
		response.allow == false
		response.rules == ["admission.request"]
	}
}

test_denials_come_by_rule_and_pointer if {
	response := decide([
		set_to("/tenant/spec/residency/allowedRegions", ["nowhere", "eu-west", "beyond"]),
		set_to("/plan/spec/quotas/tables", 1),
	])
	[[denial.rule, denial.pointer] | some denial in response.deny] == [
		["quota.tables", "/spec/services"],
		["tenant.regions_known", "/spec/residency/allowedRegions/0"],
		["tenant.regions_known", "/spec/residency/allowedRegions/2"],
	]
}
