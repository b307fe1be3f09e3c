import { policyResponseSchema } from '../../contracts/policy.ts';
import type { PolicyResponse } from '../../contracts/policy.ts';

/** Every obligation that callers of the engine know how to meet. */
export const knownObligations = ['confine-to-tenants'] as const;
export type Obligation = (typeof knownObligations)[number];

/** A response that can be obeyed; `obligations` are the ids alone. */
export interface CheckedResponse extends Pick<PolicyResponse, 'allow' | 'deny' | 'rules'> {
  readonly obligations: readonly Obligation[];
}

function knownObligation(id: string): Obligation {
  const known = knownObligations.find((obligation) => obligation === id);
  if (known === undefined) throw new Error(`nobody knows how to meet the obligation "${id}"`);
  return known;
}

/**
 * The one response in a result set, when it is one that can be obeyed.
 * @throws Error for anything else: no result or several, another shape, an obligation nobody knows, an allowance beside
 * denials, a refusal without a reason.
 */
export function checkedResponse(resultSet: unknown): CheckedResponse {
  if (!Array.isArray(resultSet) || resultSet.length !== 1) throw new Error('the policy yielded no single result');
  const [{ result }] = resultSet as [{ readonly result?: unknown }];
  const { allow, deny, obligations, rules } = policyResponseSchema.parse(result);
  if (allow && deny.length > 0) throw new Error('the policy allows and denies at once');
  if (!allow && deny.length === 0) throw new Error('the policy refuses without a reason');
  return { allow, deny, rules, obligations: obligations.map(({ id }) => knownObligation(id)) };
}
