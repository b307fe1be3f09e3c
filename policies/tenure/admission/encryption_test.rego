package tenure.encryption_test

import data.tenure.admission_test as base

needing_a_key := {action | some action, asked in base.asks; "encryption.data_key" in asked.rules}

wrapping_keys(keys) := base.set_to("/plan/spec/encryption", {"wrappingKeys": keys})

wrapped_by(key) := base.set_to("/dataKey/wrappedBy", key)

test_a_placed_tenant_has_a_data_key if {
	needing_a_key == {"tenant.change_plan", "tenant.open", "tenant.reactivate", "tenant.reconcile", "tenant.resume"}
	every action in needing_a_key {
		every patch in [
			base.removed("/dataKey"),
			base.removed("/dataKey/wrappedBy"),
			base.set_to("/dataKey", null),
			wrapped_by(null),
			wrapped_by(0),
			wrapped_by(["2026-01"]),
		] {
			base.ask(action, [patch, wrapping_keys(["2026-01"])]).deny == [{
				"rule": "encryption.data_key",
				"message": "The tenant is placed, but it has no data key.",
				"fix": "Ask the operator to restore the tenant's data key.",
			}]
		}
	}
}

test_a_tenant_without_a_placement_needs_no_data_key if {
	nothing := [base.removed("/placement"), base.removed("/dataKey")]
	base.ask("tenant.resume", nothing).allow
	base.ask("tenant.open", nothing).rules == ["residency.placement"]
}

test_a_plan_without_encryption_allows_any_key if {
	every action in needing_a_key {
		base.ask(action, [wrapped_by("some-key")]).allow
	}
}

test_a_key_of_the_plan_is_allowed if {
	every action in needing_a_key {
		base.ask(action, [wrapping_keys(["2027-01", "2026-01"])]).allow
	}
}

test_a_key_that_is_not_in_the_plan_is_denied if {
	every action in needing_a_key {
		base.ask(action, [wrapping_keys(["eu-hsm", "ch-hsm"])]).deny == [{
			"rule": "encryption.data_key",
			"message": "The tenant's data key is wrapped by 2026-01, which is not a wrapping key of plan team.",
			"fix": "Ask the operator to wrap it with one of the allowed keys, or use a plan that allows this one.",
			"pointer": "/spec/plan",
			"allowed": ["ch-hsm", "eu-hsm"],
		}]
	}
}

test_malformed_encryption_allows_no_key if {
	every encryption in [{}, null, false, [], "2026-01", {"wrappingKeys": null}, {"wrappingKeys": []}, {"wrappingKeys": "2026-01"}] {
		base.ask("tenant.open", [base.set_to("/plan/spec/encryption", encryption)]).rules == ["encryption.data_key"]
	}
}

test_activation_requires_a_wrapping_key_of_the_plan if {
	base.ask("tenant.activate", [wrapping_keys(["2027-01", "2026-01"])]).allow
	every patch in [
		base.set_to("/wrappingKeys", ["2025-01", "2026-07"]),
		base.set_to("/wrappingKeys", []),
		base.set_to("/wrappingKeys", "2026-01"),
		base.removed("/wrappingKeys"),
	] {
		base.ask("tenant.activate", [wrapping_keys(["2027-01", "2026-01"]), patch]).deny == [{
			"rule": "encryption.wrapping_key",
			"message": "This installation has no wrapping key of plan team.",
			"fix": "Ask the operator for one of the allowed keys, or use another plan.",
			"pointer": "/spec/plan",
			"allowed": ["2026-01", "2027-01"],
		}]
	}
}

test_a_plan_without_encryption_allows_activation_with_any_key if {
	base.ask("tenant.activate", [base.removed("/wrappingKeys")]).allow
}

test_malformed_encryption_allows_no_activation if {
	every encryption in [{}, null, false, [], "2026-01", {"wrappingKeys": null}, {"wrappingKeys": []}, {"wrappingKeys": "2026-01"}] {
		base.ask("tenant.activate", [base.set_to("/plan/spec/encryption", encryption)]).rules == ["encryption.wrapping_key"]
	}
}
