package tenure.retention_test

import data.tenure.admission_test as base

purged_at(time) := base.set_to("/deletion/purgeTime", time)

now(time) := base.set_to("/now", time)

early(value) := base.set_to("/early", value)

test_a_tenant_is_purged_from_its_time_on if {
	every later in [
		"2026-11-21T10:00:00.000Z",
		"2026-11-21T10:00:00.001Z",
		"2026-11-21T10:00:01.000Z",
		"2026-12-01T00:00:00.000Z",
		"2027-01-01T00:00:00.000Z",
	] {
		base.ask("tenant.purge", [now(later)]).allow
	}
}

test_a_tenant_is_not_purged_before_its_time if {
	every earlier in [
		"2026-11-21T09:59:59.999Z",
		"2026-11-20T23:00:00.000Z",
		"2026-09-30T10:00:00.000Z",
		"2025-12-31T23:59:59.999Z",
	] {
		base.ask("tenant.purge", [now(earlier)]).deny == [{
			"rule": "retention.purge_time",
			"message": "The tenant can be restored until 2026-11-21T10:00:00.000Z and is not purged before.",
			"fix": "Wait until then, or request an early purge.",
		}]
	}
}

later := purged_at("2026-11-21T10:00:00.001Z")

test_before_its_time_a_tenant_is_purged_only_on_request if {
	base.ask("tenant.purge", [later, early(true)]).allow
	every other in ["true", 1, false, null, {}] {
		base.ask("tenant.purge", [later, early(other)]).rules == ["retention.purge_time"]
	}
}

# Values that are not times in UTC with milliseconds cannot be compared. Some are smaller texts, which must not count as
# earlier times.
no_times := [
	null,
	0,
	false,
	"",
	"2026",
	"2026-11-21",
	"2026-11-21T10:00:00Z",
	"2026-11-21T10:00:00.000",
	"2026-11-21T10:00:00.000+09:00",
	"2026-11-21T10:00:00.000000Z",
	"2026-11-21 10:00:00.000Z",
	" 2026-11-21T10:00:00.000Z",
	"2026-11-21T10:00:00.000Z\n",
	"٢٠٢٦-11-21T10:00:00.000Z",
]

test_without_a_time_a_tenant_is_not_purged if {
	absent := [
		base.removed("/deletion"),
		base.removed("/deletion/purgeTime"),
		base.set_to("/deletion", null),
		base.set_to("/deletion", "2026-11-21T10:00:00.000Z"),
	]
	every patch in array.concat(absent, [purged_at(time) | some time in no_times]) {
		every when in [[], [early(true)]] {
			base.ask("tenant.purge", array.concat([patch], when)).deny == [{
				"rule": "retention.purge_time",
				"message": "The tenant has no purge time.",
				"fix": "Delete the tenant first; that sets the time.",
			}]
		}
	}
}

test_nothing_is_due_if_now_is_not_a_time if {
	every time in array.concat(no_times, ["zzzz-zz-zzTzz:zz:zz.zzzZ"]) {
		base.ask("tenant.purge", [now(time)]).rules == ["retention.purge_time"]
	}
	base.ask("tenant.purge", [base.removed("/now")]).rules == ["retention.purge_time"]
}
