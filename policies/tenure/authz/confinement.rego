# What a caller who is confined to tenants may touch.
package tenure.authz

confined if "tenants" in object.keys(input.actor)

within_confinement if input.target.tenant in input.actor.tenants

# One answer for a foreign tenant and for one that does not exist: it must not tell which of them it is.
denials contains {
	"rule": "authz.confined",
	"message": "The caller is confined to tenants that do not include this one.",
	"fix": "Name a tenant that the token is confined to, or use a token that includes this one.",
} if {
	confined
	touches == "tenant"
	not within_confinement
}

denials contains {
	"rule": "authz.confined",
	"message": $"A caller confined to tenants may not do {input.action}, which is not about one of them.",
	"fix": "Use a token that is not confined to tenants.",
} if {
	confined
	touches == "fleet"
}

denials contains {
	"rule": "authz.confinement_required",
	"message": $"The role {role} needs a token that says which tenants it is for.",
	"fix": "Use a token with a \"tenants\" claim, or one without this role.",
} if {
	some role in input.actor.roles
	data.roles[role].confined
	not confined
}
