# What both entry points share in shaping a response.
package tenure.response

# Denials by rule, then by pointer: sets have no order that every evaluator agrees on, so each answer is sorted.
ordered(denials) := [row[2] |
	some row in sort({[denial.rule, object.get(denial, "pointer", ""), denial] | some denial in denials})
]

rules_of(denials) := sort({denial.rule | some denial in denials})
