package tenure.plan_test

import data.tenure.admission_test as base

test_a_missing_plan_is_reported_alone if {
	asking := {action | some action, asked in base.asks; "tenant.plan_known" in asked.rules}
	count(asking) == 7
	every action in asking {
		response := base.ask(action, [base.removed("/plan")])
		response.allow == false
		response.deny == [{
			"rule": "tenant.plan_known",
			"message": "There is no plan team.",
			"fix": "Name a plan that exists, or apply this one first.",
			"pointer": "/spec/plan",
		}]
	}
}

test_a_plan_other_than_the_named_one_does_not_count if {
	base.decide([base.set_to("/plan/name", "enterprise")]).rules == ["tenant.plan_known"]
}

test_an_incomplete_plan_does_not_count if {
	every half in [base.removed("/plan/spec/quotas"), base.removed("/plan/spec/isolationModes"), base.removed("/plan/spec")] {
		base.decide([half]).rules == ["tenant.plan_known"]
	}
}

test_residency_is_checked_without_the_plan if {
	response := base.decide([base.removed("/plan"), base.set_to("/tenant/spec/residency/jurisdictions", ["CH"])])
	response.rules == ["residency.preferred_region", "residency.some_region", "tenant.plan_known"]
}

test_the_plan_must_offer_the_mode if {
	response := base.decide([base.set_to("/tenant/spec/placement/mode", "hybrid")])
	response.deny == [{
		"rule": "tenant.mode_allowed",
		"message": "Plan team does not offer the isolation mode hybrid.",
		"fix": "Use one of the allowed modes, or a plan that offers this one.",
		"pointer": "/spec/placement/mode",
		"allowed": ["dedicated", "schema"],
	}]
}

test_the_default_mode_is_dedicated if {
	without_mode := base.removed("/tenant/spec/placement/mode")
	base.decide([without_mode]).allow
	base.decide([without_mode, base.set_to("/plan/spec/isolationModes", ["schema"])]).rules == ["tenant.mode_allowed"]
}

test_a_placed_tenant_keeps_its_mode_by_default if {
	in_schema := array.concat(base.placed, [
		base.removed("/tenant/spec/placement"),
		base.set_to("/placement/mode", "schema"),
	])
	base.decide(in_schema).allow
	response := base.decide(array.concat(in_schema, [base.set_to("/plan/spec/isolationModes", ["dedicated"])]))
	response.rules == ["tenant.mode_allowed"]
}

test_collections_indexes_and_ids_count_as_tables if {
	base.decide([base.set_to("/plan/spec/quotas/tables", 5)]).allow
	response := base.decide([base.set_to("/plan/spec/quotas/tables", 4)])
	response.deny == [{
		"rule": "quota.tables",
		"message": "The tenant declares 5 collections and indexes, including those on _id; plan team allows 4.",
		"fix": "Declare fewer collections or indexes, or use a plan that allows more.",
		"pointer": "/spec/services",
	}]
}

test_absent_indexes_count_as_none if {
	base.decide([base.removed("/tenant/spec/services/0/collections/1/indexes")]).allow
}

test_tables_of_every_service_count if {
	another := {"name": "billing", "collections": [{"name": "invoices", "indexes": []}]}
	second := base.set_to("/tenant/spec/services/-", another)
	base.decide([second]).rules == ["quota.tables"]
	base.decide([second, base.set_to("/plan/spec/quotas/tables", 7)]).allow
}
