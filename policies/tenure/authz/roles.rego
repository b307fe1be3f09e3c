# What a role allows. The roles are in data.json; an unknown role grants nothing.
package tenure.authz

granted if {
	touches
	some role in input.actor.roles
	input.action in data.roles[role].actions
}

denials contains {
	"rule": "authz.role",
	"message": $"No role of the caller allows {input.action}.",
	"fix": "Ask for one of the allowed roles, or use a token that has it.",
	"allowed": sort({role |
		some role, grant in data.roles
		input.action in grant.actions
	}),
} if {
	touches
	not granted
}
