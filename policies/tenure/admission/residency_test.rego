package tenure.residency_test

import data.tenure.admission_test as base

preferred(region) := base.set_to("/tenant/spec/placement/preferredRegion", region)

test_unknown_regions_are_named_one_by_one if {
	response := base.decide([
		base.set_to("/tenant/spec/residency/allowedRegions", ["eu-west", "eu-wset"]),
		preferred("eu-south"),
	])
	response.deny == [
		{
			"rule": "tenant.regions_known",
			"message": "There is no region eu-south.",
			"fix": "Name one of the allowed regions, or apply this one first.",
			"pointer": "/spec/placement/preferredRegion",
			"allowed": ["eu-north", "eu-west", "us-east"],
		},
		{
			"rule": "tenant.regions_known",
			"message": "There is no region eu-wset.",
			"fix": "Name one of the allowed regions, or apply this one first.",
			"pointer": "/spec/residency/allowedRegions/1",
			"allowed": ["eu-north", "eu-west", "us-east"],
		},
	]
}

test_no_region_at_all if {
	base.decide([base.set_to("/regions", [])]).rules == ["tenant.regions_known"]
	nothing_said := [base.removed("/tenant/spec/residency"), base.removed("/tenant/spec/placement")]
	base.decide(array.concat(nothing_said, [base.set_to("/regions", [])])).rules == ["residency.some_region"]
}

test_the_preferred_region_must_satisfy_residency_and_plan if {
	response := base.decide([preferred("us-east"), base.set_to("/plan/spec/allowedRegions", ["eu-north", "eu-west"])])
	{denial.message | some denial in response.deny} == {
		"The preferred region cannot be used: us-east is not one of spec.residency.allowedRegions.",
		"The preferred region cannot be used: us-east is in US, which is not one of spec.residency.jurisdictions.",
		"The preferred region cannot be used: us-east is not a region of plan team.",
	}
	every denial in response.deny {
		denial.rule == "residency.preferred_region"
		denial.fix == "Prefer one of the allowed regions, or leave preferredRegion out."
		denial.pointer == "/spec/placement/preferredRegion"
		denial.allowed == ["eu-north", "eu-west"]
	}
}

test_without_residency_any_region_can_be_preferred if {
	base.decide([preferred("us-east"), base.removed("/tenant/spec/residency")]).allow
}

test_a_region_without_a_jurisdiction_does_not_count if {
	response := base.decide([base.removed("/regions/0/spec/jurisdiction")])
	response.rules == ["tenant.regions_known"]
}

test_each_restriction_alone_can_leave_no_region if {
	every patches in [
		[base.set_to("/tenant/spec/residency", {"jurisdictions": ["CH"]})],
		[base.set_to("/tenant/spec/residency", {"allowedRegions": ["us-east"], "jurisdictions": ["EU"]})],
		[base.set_to("/plan/spec/allowedRegions", ["us-east"])],
		[base.set_to("/plan/spec/allowedRegions", ["elsewhere"])],
	] {
		response := base.decide(array.concat([base.removed("/tenant/spec/placement")], patches))
		response.deny == [{
			"rule": "residency.some_region",
			"message": "No region that accepts new tenants satisfies the tenant's residency and its plan.",
			"fix": "Widen spec.residency, use a plan with more regions, or ask the operator for a region.",
			"pointer": "/spec/residency",
		}]
	}
}

closed := [
	base.set_to("/regions/0/spec/acceptsTenants", false),
	base.set_to("/regions/1/spec/acceptsTenants", false),
]

test_an_unplaced_tenant_needs_a_region_that_accepts_tenants if {
	base.decide(closed).rules == ["residency.some_region"]
	base.decide(array.slice(closed, 0, 1)).allow
}

test_a_placed_tenant_may_stay_in_a_region_that_accepts_no_more if {
	base.decide(array.concat(base.placed, closed)).allow
}

test_only_opening_needs_a_placement if {
	base.decide([base.set_to("/tenant/lifecycle", "Active")]).allow
}

flaws(patches) := base.decide(array.concat(base.placed, patches)).deny

test_a_placed_tenant_is_allowed_where_it_is if {
	base.decide(base.placed).allow
}

test_placement_must_satisfy_residency_and_plan if {
	residency := base.set_to("/tenant/spec/residency", {"allowedRegions": ["eu-north"], "jurisdictions": ["US", "EU"]})
	unpreferred := base.removed("/tenant/spec/placement")
	flaws([residency, unpreferred]) == [{
		"rule": "residency.placement",
		"message": "The tenant is in a region where it may not be: eu-west is not one of spec.residency.allowedRegions.",
		"fix": "Restore the field. A tenant that is placed cannot be moved yet.",
		"pointer": "/spec/residency/allowedRegions",
	}]
	pointers := [denial.pointer |
		some denial in flaws([
			unpreferred,
			base.set_to("/tenant/spec/residency", {"jurisdictions": ["US"]}),
			base.set_to("/plan/spec/allowedRegions", ["us-east"]),
		])
	]
	pointers == ["/spec/plan", "/spec/residency/jurisdictions"]
}

test_placement_must_be_in_a_region_that_exists if {
	flaws([base.set_to("/placement/region", "mars")]) == [{
		"rule": "residency.placement",
		"message": "The tenant is in region mars, which no longer exists.",
		"fix": "Ask the operator to apply the region again.",
	}]
}

test_placement_must_be_in_a_cell_of_its_region if {
	base.decide(array.concat(base.placed, [base.set_to("/placement/cell", "eu-west-b")])).allow
	flaws([base.set_to("/placement/cell", "eu-north-a")]) == [{
		"rule": "residency.placement",
		"message": "The tenant is in cell eu-north-a, which is not a cell of region eu-west.",
		"fix": "Ask the operator to apply the region with this cell again.",
	}]
}

test_placement_must_be_in_the_mode_of_the_manifest if {
	flaws([base.set_to("/placement/mode", "schema")]) == [{
		"rule": "residency.placement",
		"message": "The tenant is placed in the isolation mode schema; its manifest says dedicated.",
		"fix": "Restore the mode. A tenant that is placed keeps its mode.",
		"pointer": "/spec/placement/mode",
		"allowed": ["schema"],
	}]
}
