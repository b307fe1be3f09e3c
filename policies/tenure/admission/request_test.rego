# An allowed request, and the tests of what every request must satisfy.
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
		"uid": "01hzzzzzzzzzzzzzzzzzzzzza1",
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
	"wrappingKeys": ["2026-01"],
	"regions": [region("eu-west", "EU"), region("eu-north", "EU"), region("us-east", "US")],
}

placement := {"region": "eu-west", "cell": "eu-west-a", "mode": "dedicated"}

placed := [
	set_to("/tenant/lifecycle", "Active"),
	set_to("/placement", placement),
	set_to("/dataKey", {"wrappedBy": "2026-01"}),
]

draft := []

suspended := array.concat(placed, [set_to("/tenant/lifecycle", "Suspended")])

archived := array.concat(placed, [set_to("/tenant/lifecycle", "Archived")])

# Its purge is due at the time of the request.
deleted := array.concat(placed, [
	set_to("/tenant/lifecycle", "Deleted"),
	set_to("/deletion", {"deleteTime": "2026-08-23T10:00:00.000Z", "purgeTime": request.now}),
])

set_to(path, value) := {"op": "add", "path": path, "value": value}

removed(path) := {"op": "remove", "path": path}

# The decision of admission on the request with these changes.
decide(patches) := response if {
	response := admission.decision with input as json.patch(request, patches)
}

whole_manifest := {
	"quota.tables",
	"residency.placement",
	"residency.preferred_region",
	"residency.some_region",
	"tenant.mode_allowed",
	"tenant.plan_known",
	"tenant.regions_known",
}

fits_its_plan := {"quota.tables", "residency.placement", "tenant.mode_allowed", "tenant.plan_known"}

# For each action, a tenant for which it is allowed, and the rules that are checked.
asks := {
	"tenant.activate": {"of": draft, "rules": ({"encryption.wrapping_key", "lifecycle.transition"} | whole_manifest)},
	"tenant.archive": {"of": suspended, "rules": {"lifecycle.transition"}},
	"tenant.change_plan": {"of": suspended, "rules": ({"encryption.data_key", "lifecycle.transition"} | fits_its_plan)},
	"tenant.create": {"of": draft, "rules": whole_manifest},
	"tenant.delete": {"of": archived, "rules": {"lifecycle.hold", "lifecycle.transition"}},
	"tenant.hold": {"of": deleted, "rules": {"tenant.registered"}},
	"tenant.open": {
		"of": placed,
		"rules": {"encryption.data_key", "lifecycle.open", "residency.placement", "tenant.plan_known"},
	},
	"tenant.purge": {"of": deleted, "rules": {"lifecycle.hold", "lifecycle.transition", "retention.purge_time"}},
	"tenant.reactivate": {"of": archived, "rules": ({"encryption.data_key", "lifecycle.transition"} | fits_its_plan)},
	"tenant.reconcile": {
		"of": archived,
		"rules": {"encryption.data_key", "lifecycle.transition", "residency.placement"},
	},
	"tenant.release_hold": {"of": deleted, "rules": {"tenant.registered"}},
	"tenant.resume": {"of": suspended, "rules": ({"encryption.data_key", "lifecycle.transition"} | fits_its_plan)},
	"tenant.suspend": {"of": placed, "rules": {"lifecycle.transition"}},
	"tenant.undelete": {"of": deleted, "rules": {"lifecycle.transition"}},
	"tenant.update": {"of": placed, "rules": whole_manifest},
}

# The decision of admission on this action for a tenant for which it is allowed, with these changes.
ask(action, patches) := decide(array.concat(array.concat(asks[action].of, [set_to("/action", action)]), patches))

test_an_allowed_request_names_every_rule_it_passed if {
	object.keys(asks) == object.keys(data.admission)
	every action, expected in asks {
		ask(action, []) == {"allow": true, "deny": [], "obligations": [], "rules": sort(expected.rules)}
	}
}

test_the_smallest_manifest_is_allowed if {
	decide([removed("/tenant/spec/residency"), removed("/tenant/spec/placement")]).allow
}

test_a_request_that_cannot_be_decided_is_denied if {
	every patch in [
		set_to("/v", 2),
		set_to("/action", "tenant.destroy"),
		set_to("/action", "tenant.release-hold"),
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

test_an_incomplete_placement_cannot_be_decided if {
	every half in [
		null,
		false,
		"eu-west",
		{},
		object.remove(placement, ["region"]),
		object.remove(placement, ["cell"]),
		object.remove(placement, ["mode"]),
		object.union(placement, {"mode": null}),
	] {
		every action, _ in data.admission {
			ask(action, [set_to("/placement", half)]).rules == ["admission.request"]
		}
	}
}

test_a_request_that_cannot_be_decided_gets_only_one_denial if {
	every action, _ in data.admission {
		misplaced := [set_to("/action", action), set_to("/placement", {"region": "mars"}), set_to("/regions", null)]
		decide(array.concat(placed, misplaced)).deny == [{
			"rule": "admission.request",
			"message": "Admission cannot decide this request.",
			"fix": "Use one of the allowed actions in a complete request of version 1.",
			"allowed": sort(object.keys(data.admission)),
		}]
	}
}

test_an_empty_request_is_denied if {
	every empty in [{}, null, [], "x"] {
		response := admission.decision with input as empty
		response.allow == false
		response.rules == ["admission.request"]
	}
}

test_denials_are_sorted_by_rule_and_pointer if {
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
