# Where the tenant's data may be, and whether it is there.
package tenure.admission

denials contains {
	"rule": "residency.preferred_region",
	"message": $"The preferred region cannot be used: {objection.reason}.",
	"fix": "Prefer one of the allowed regions, or leave preferredRegion out.",
	"pointer": "/spec/placement/preferredRegion",
	"allowed": sort(eligible),
} if {
	"residency.preferred_region" in applicable
	some objection in objections[input.tenant.spec.placement.preferredRegion]
}

candidates contains name if {
	some name in eligible
	input.placement
}

candidates contains name if {
	some name in eligible
	regions[name].acceptsTenants
}

# An unknown region has its own denial; that no region is left is then only its consequence.
denials contains {
	"rule": "residency.some_region",
	"message": "No region that accepts new tenants satisfies the tenant's residency and its plan.",
	"fix": "Widen spec.residency, use a plan with more regions, or ask the operator for a region.",
	"pointer": "/spec/residency",
} if {
	"residency.some_region" in applicable
	count(candidates) == 0
	count(unknown_regions) == 0
}

denials contains object.union({"rule": "residency.placement"}, flaw) if {
	"residency.placement" in applicable
	some flaw in placement_flaws
}

placement_flaws contains {
	"message": "The tenant has no placement.",
	"fix": "Activate the tenant first.",
} if {
	input.action == "tenant.open"
	input.tenant.lifecycle == "Active"
	not input.placement
}

placement_flaws contains {
	"message": $"The tenant is in region {input.placement.region}, which no longer exists.",
	"fix": "Ask the operator to apply the region again.",
} if {
	input.placement
	not regions[input.placement.region]
}

placement_flaws contains {
	"message": $"The tenant is in a region where it may not be: {objection.reason}.",
	"fix": "Restore the field. A tenant that is placed cannot be moved yet.",
	"pointer": objection.pointer,
} if {
	some objection in objections[input.placement.region]
}

placement_flaws contains {
	"message": $"The tenant is in cell {input.placement.cell}, which is not a cell of region {input.placement.region}.",
	"fix": "Ask the operator to apply the region with this cell again.",
} if {
	region := regions[input.placement.region]
	not input.placement.cell in {cell.name | some cell in region.cells}
}

placement_flaws contains {
	"message": $"The tenant is placed in the isolation mode {input.placement.mode}; its manifest says {mode}.",
	"fix": "Restore the mode. A tenant that is placed keeps its mode.",
	"pointer": "/spec/placement/mode",
	"allowed": [input.placement.mode],
} if {
	input.placement
	not mode == input.placement.mode
}
