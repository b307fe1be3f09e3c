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

test_a_draft_without_placement_is_denied_only_as_a_draft if {
	base.decide([base.set_to("/action", "tenant.open")]).rules == ["lifecycle.open"]
}

test_an_active_tenant_without_placement_is_not_opened if {
	base.ask("tenant.open", [base.removed("/placement")]).deny == [{
		"rule": "residency.placement",
		"message": "The tenant has no placement.",
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

test_opening_does_not_check_what_only_a_change_could_fix if {
	base.ask("tenant.open", misfits).allow
}

test_actions_that_return_a_tenant_to_service_check_its_plan_and_region if {
	every action in ["tenant.change_plan", "tenant.reactivate", "tenant.resume"] {
		base.ask(action, misfits).rules == ["quota.tables", "tenant.mode_allowed"]
		base.ask(action, [base.set_to("/placement/region", "us-east")]).rules == ["residency.placement"]
	}
}

test_actions_that_take_a_tenant_out_of_service_check_only_its_state if {
	every action in ["tenant.archive", "tenant.delete", "tenant.purge", "tenant.suspend", "tenant.undelete"] {
		base.ask(action, array.concat(misfits, [base.set_to("/regions", []), base.removed("/dataKey")])).allow
	}
}

test_a_tenant_is_reconciled_only_where_it_may_be if {
	base.ask("tenant.reconcile", misfits).allow
	base.ask("tenant.reconcile", [base.set_to("/placement/region", "us-east")]).rules == ["residency.placement"]
}

# Each action with the states in which it can start, and the fix for all other states.
paths := {
	"tenant.activate": {
		"from": ["Draft"],
		"fix": "Activate only a Draft; resume a Suspended tenant, or reactivate an Archived one.",
	},
	"tenant.archive": {"from": ["Suspended"], "fix": "Suspend the tenant first."},
	"tenant.change_plan": {
		"from": ["Active", "Suspended"],
		"fix": "Name the plan in the manifest of a Draft; reactivate an Archived tenant first.",
	},
	"tenant.delete": {
		"from": ["Archived", "Draft"],
		"fix": "Archive the tenant first; suspend an Active one before that.",
	},
	"tenant.purge": {"from": ["Deleted"], "fix": "Delete the tenant first."},
	"tenant.reactivate": {
		"from": ["Archived"],
		"fix": "Reactivate only an Archived tenant; activate a Draft, or resume a Suspended one.",
	},
	"tenant.reconcile": {"from": ["Active", "Archived", "Suspended"], "fix": "Activate the tenant first."},
	"tenant.resume": {
		"from": ["Suspended"],
		"fix": "Resume only a Suspended tenant; activate a Draft, or reactivate an Archived one.",
	},
	"tenant.suspend": {"from": ["Active"], "fix": "Activate a Draft or reactivate an Archived tenant first."},
	"tenant.undelete": {
		"from": ["Deleted"],
		"fix": "Undelete only a Deleted tenant; reactivate an Archived one.",
	},
}

test_each_path_starts_in_its_states if {
	every action, path in paths {
		{state | some state in states; base.ask(action, [in_state(state)]).allow} == {state | some state in path.from}
	}
}

test_no_path_starts_in_any_other_state if {
	object.keys(paths) == {action | some action, asked in base.asks; "lifecycle.transition" in asked.rules}
	every action, path in paths {
		every state in ((states - {"Deleted"}) | {"draft", "Purged", ""}) - {state | some state in path.from} {
			base.ask(action, [in_state(state)]).deny == [{
				"rule": "lifecycle.transition",
				"message": $"The tenant is {state}; {action} is not possible in this state.",
				"fix": path.fix,
				"allowed": path.from,
			}]
		}
	}
}

test_a_deleted_tenant_must_be_undeleted_first if {
	every action in object.keys(paths) - {"tenant.purge", "tenant.undelete"} {
		[denial.fix | some denial in base.ask(action, [in_state("Deleted")]).deny] == ["Undelete the tenant first."]
	}
}
