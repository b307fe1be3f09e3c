package tenure.lifecycle_test

import data.tenure.admission_test as base

states := {"Draft", "Active", "Suspended", "Archived", "Deleted"}

in_state(lifecycle) := base.set_to("/tenant/lifecycle", lifecycle)

test_an_active_tenant_may_be_opened if {
	base.ask("tenant.open", []) == {
		"allow": true,
		"deny": [],
		"obligations": [],
		"rules": ["encryption.data_key", "lifecycle.open", "residency.placement", "tenant.plan_known"],
	}
}

test_any_other_tenant_may_not_be_opened if {
	every lifecycle in (states - {"Active"}) | {"active", ""} {
		base.ask("tenant.open", [in_state(lifecycle)]).deny == [{
			"rule": "lifecycle.open",
			"message": $"The tenant is {lifecycle}; only an Active tenant can be opened.",
			"fix": "Activate a Draft, resume a Suspended tenant or reactivate an Archived one first.",
			"pointer": "/spec/lifecycle",
			"allowed": ["Active"],
		}]
	}
}

test_a_draft_without_placement_hears_only_that_it_is_a_draft if {
	base.decide([base.set_to("/action", "tenant.open")]).rules == ["lifecycle.open"]
}

test_an_active_tenant_without_placement_is_not_opened if {
	base.ask("tenant.open", [base.removed("/placement")]).deny == [{
		"rule": "residency.placement",
		"message": "The tenant is placed nowhere.",
		"fix": "Activate the tenant first.",
	}]
}

test_a_misplaced_tenant_is_not_opened if {
	response := base.ask("tenant.open", [base.set_to("/tenant/spec/residency/jurisdictions", ["US"])])
	response.rules == ["residency.placement"]
}

misfits := [
	base.set_to("/plan/spec/quotas/tables", 1),
	base.set_to("/plan/spec/isolationModes", ["schema"]),
	base.set_to("/tenant/spec/placement/preferredRegion", "nowhere"),
]

test_opening_does_not_judge_what_only_a_change_could_mend if {
	base.ask("tenant.open", misfits).allow
}

test_what_brings_a_tenant_back_into_service_judges_whether_it_fits if {
	every action in ["tenant.change_plan", "tenant.reactivate", "tenant.resume"] {
		base.ask(action, misfits).rules == ["quota.tables", "tenant.mode_allowed"]
		base.ask(action, [base.set_to("/placement/region", "us-east")]).rules == ["residency.placement"]
	}
}

test_what_takes_a_tenant_out_of_service_asks_for_no_more_than_its_state if {
	every action in ["tenant.archive", "tenant.delete", "tenant.purge", "tenant.suspend", "tenant.undelete"] {
		base.ask(action, array.concat(misfits, [base.set_to("/regions", []), base.removed("/dataKey")])).allow
	}
}

test_a_tenant_is_reconciled_only_where_it_may_lie if {
	base.ask("tenant.reconcile", misfits).allow
	base.ask("tenant.reconcile", [base.set_to("/placement/region", "us-east")]).rules == ["residency.placement"]
}

# Each action with the states from which it goes and the way to them.
paths := {
	"tenant.activate": {
		"from": ["Draft"],
		"fix": "Only a Draft is activated: resume a Suspended tenant, reactivate an Archived one.",
	},
	"tenant.archive": {"from": ["Suspended"], "fix": "Suspend the tenant first."},
	"tenant.change_plan": {
		"from": ["Active", "Suspended"],
		"fix": "Name the plan in the manifest of a Draft; reactivate an Archived tenant first.",
	},
	"tenant.delete": {
		"from": ["Archived", "Draft"],
		"fix": "Archive the tenant first; an Active one is suspended before that.",
	},
	"tenant.purge": {"from": ["Deleted"], "fix": "Delete the tenant first."},
	"tenant.reactivate": {
		"from": ["Archived"],
		"fix": "Only an Archived tenant is reactivated: activate a Draft, resume a Suspended one.",
	},
	"tenant.reconcile": {"from": ["Active", "Archived", "Suspended"], "fix": "Activate the tenant first."},
	"tenant.resume": {
		"from": ["Suspended"],
		"fix": "Only a Suspended tenant is resumed: activate a Draft, reactivate an Archived one.",
	},
	"tenant.suspend": {"from": ["Active"], "fix": "Activate a Draft or reactivate an Archived tenant first."},
	"tenant.undelete": {
		"from": ["Deleted"],
		"fix": "Only a Deleted tenant is undeleted: reactivate an Archived one.",
	},
}

test_each_path_goes_from_its_states if {
	every action, path in paths {
		{state | some state in states; base.ask(action, [in_state(state)]).allow} == {state | some state in path.from}
	}
}

test_no_path_goes_from_any_other_state if {
	object.keys(paths) == {action | some action, asked in base.asks; "lifecycle.transition" in asked.rules}
	every action, path in paths {
		every state in ((states - {"Deleted"}) | {"draft", "Purged", ""}) - {state | some state in path.from} {
			base.ask(action, [in_state(state)]).deny == [{
				"rule": "lifecycle.transition",
				"message": $"The tenant is {state}, and {action} does not go from there.",
				"fix": path.fix,
				"allowed": path.from,
			}]
		}
	}
}

test_from_deleted_a_tenant_is_undeleted_first if {
	every action in object.keys(paths) - {"tenant.purge", "tenant.undelete"} {
		[denial.fix | some denial in base.ask(action, [in_state("Deleted")]).deny] == ["Undelete the tenant first."]
	}
}
