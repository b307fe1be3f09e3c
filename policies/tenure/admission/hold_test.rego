package tenure.hold_test

import data.tenure.admission_test as base

held(hold) := base.set_to("/tenant/spec/hold", hold)

test_a_held_tenant_is_neither_deleted_nor_purged if {
	every action in ["tenant.delete", "tenant.purge"] {
		base.ask(action, [held({"reason": "Case 4711."}), base.set_to("/early", true)]).deny == [{
			"rule": "lifecycle.hold",
			"message": "The tenant is held: Case 4711.",
			"fix": "Release the hold with the verb release-hold first.",
			"pointer": "/spec/hold",
		}]
	}
}

test_a_malformed_hold_holds if {
	every hold in [{}, null, false, "", [], {"reason": null}] {
		base.ask("tenant.delete", [held(hold)]).rules == ["lifecycle.hold"]
		base.ask("tenant.purge", [held(hold)]).rules == ["lifecycle.hold"]
	}
}

test_a_hold_forbids_nothing_else if {
	every action in object.keys(data.admission) - {"tenant.delete", "tenant.purge"} {
		base.ask(action, [held({"reason": "Case 4711."})]).allow
	}
}

test_only_a_registered_tenant_can_be_held if {
	every action in ["tenant.hold", "tenant.release_hold"] {
		every absent in [base.removed("/tenant/uid"), base.set_to("/tenant/uid", null), base.set_to("/tenant/uid", false)] {
			base.ask(action, [absent]).deny == [{
				"rule": "tenant.registered",
				"message": "There is no tenant acme.",
				"fix": "Apply its manifest first.",
			}]
		}
	}
}

test_a_tenant_can_be_held_and_released_in_any_state if {
	every action in ["tenant.hold", "tenant.release_hold"] {
		every state in ["Draft", "Active", "Suspended", "Archived", "Deleted"] {
			base.ask(action, [base.set_to("/tenant/lifecycle", state)]).allow
		}
	}
}
