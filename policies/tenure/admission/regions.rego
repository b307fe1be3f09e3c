# Which regions exist, and which of them may hold the tenant.
package tenure.admission

# A region without a jurisdiction does not count, because its residency cannot be checked.
regions[region.name] := region.spec if {
	some region in input.regions
	is_string(region.spec.jurisdiction)
}

region_names := sort(object.keys(regions))

residency := input.tenant.spec.residency

# Why a region may not hold the tenant: each reason, with the field that causes it. An absent field excludes no region.
objections[name] contains {
	"pointer": "/spec/residency/allowedRegions",
	"reason": $"{name} is not one of spec.residency.allowedRegions",
} if {
	allowed := residency.allowedRegions
	some name, _ in regions
	not name in allowed
}

objections[name] contains {
	"pointer": "/spec/residency/jurisdictions",
	"reason": $"{name} is in {region.jurisdiction}, which is not one of spec.residency.jurisdictions",
} if {
	jurisdictions := residency.jurisdictions
	some name, region in regions
	not region.jurisdiction in jurisdictions
}

objections[name] contains {
	"pointer": "/spec/plan",
	"reason": $"{name} is not a region of plan {input.plan.name}",
} if {
	allowed := plan.allowedRegions
	some name, _ in regions
	not name in allowed
}

eligible contains name if {
	some name, _ in regions
	not objections[name]
}

unknown_regions[pointer] := name if {
	some position, name in residency.allowedRegions
	not regions[name]
	pointer := $"/spec/residency/allowedRegions/{position}"
}

unknown_regions["/spec/placement/preferredRegion"] := name if {
	name := input.tenant.spec.placement.preferredRegion
	not regions[name]
}

denials contains {
	"rule": "tenant.regions_known",
	"message": $"There is no region {name}.",
	"fix": "Name one of the allowed regions, or apply this one first.",
	"pointer": pointer,
	"allowed": region_names,
} if {
	"tenant.regions_known" in applicable
	some pointer, name in unknown_regions
}
