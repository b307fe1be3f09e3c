# How both entry points build a response.
package tenure.response

# Denials by rule, then by pointer. They are sorted because evaluators iterate sets in different orders.
ordered(denials) := [row[2] |
	some row in sort({[denial.rule, object.get(denial, "pointer", ""), denial] | some denial in denials})
]

rules_of(denials) := sort({denial.rule | some denial in denials})
