package tenure.lifecycle_test

import data.tenure.admission_test as base

opened := array.concat(base.placed, [base.set_to("/action", "tenant.open")])

test_an_active_tenant_may_be_opened if {
	base.decide(opened) == {
		"allow": true,
		"deny": [],
		"obligations": [],
		"rules": ["lifecycle.open", "residency.placement", "tenant.plan_known"],
	}
}

test_any_other_tenant_may_not_be_opened if {
	every lifecycle in ["Draft", "Suspended", "Archived", "Deleted", "active", ""] {
		response := base.decide(array.concat(opened, [base.set_to("/tenant/lifecycle", lifecycle)]))
		response.deny == [{
			"rule": "lifecycle.open",
			"message": $"The tenant is {lifecycle}; only an Active tenant can be opened.",
			"fix": "Activate the tenant first.",
			"pointer": "/spec/lifecycle",
			"allowed": ["Active"],
		}]
	}
}

test_a_draft_without_placement_hears_only_that_it_is_a_draft if {
	base.decide([base.set_to("/action", "tenant.open")]).rules == ["lifecycle.open"]
}

test_an_active_tenant_without_placement_is_not_opened if {
	base.decide(array.concat(opened, [base.removed("/placement")])).deny == [{
		"rule": "residency.placement",
		"message": "The tenant is placed nowhere.",
		"fix": "Activate the tenant first.",
	}]
}

test_a_misplaced_tenant_is_not_opened if {
	response := base.decide(array.concat(opened, [base.set_to("/tenant/spec/residency/jurisdictions", ["US"])]))
	response.rules == ["residency.placement"]
}

test_opening_does_not_judge_what_only_a_change_could_mend if {
	base.decide(array.concat(opened, [
		base.set_to("/plan/spec/quotas/tables", 1),
		base.set_to("/plan/spec/isolationModes", ["schema"]),
		base.set_to("/tenant/spec/placement/preferredRegion", "nowhere"),
	])).allow
}
