# What a caller that is confined to certain tenants may access.
package tenure.authz

confined if "tenants" in object.keys(input.actor)

within_confinement if input.target.tenant in input.actor.tenants

# The same answer for somebody else's tenant and for one that does not exist: it must not reveal which of them it is.
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
	"message": $"A caller that is confined to certain tenants may not use {input.action}, which concerns more than these tenants.",
	"fix": "Use a token that is not confined to tenants.",
} if {
	confined
	touches == "fleet"
}

denials contains {
	"rule": "authz.confinement_required",
	"message": $"The role {role} requires a token that names its tenants.",
	"fix": "Use a token with a \"tenants\" claim, or one without this role.",
} if {
	some role in input.actor.roles
	data.roles[role].confined
	not confined
}
