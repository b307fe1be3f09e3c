import { canonicalBytes, sha256 } from '../../contracts/canonical-json.ts';
import type { Digest } from '../../contracts/identifiers.ts';
import { policyResponseSchema } from '../../contracts/policy.ts';
import type {
  AdmissionRequest,
  AuthorizationRequest,
  PolicyDecision,
  PolicyDenial,
  PolicyResponse,
} from '../../contracts/policy.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import { policyEntrypoints, readBundle } from './bundle.ts';
import type { PolicyBundle } from './bundle.ts';
import { createEvaluator, instantiatePolicy } from './evaluator.ts';
import type { Evaluate, MemoryBounds } from './evaluator.ts';

/** opa-wasm throws strings (aborts) and plain objects (missing builtins) besides errors. */
function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  return new Error(typeof thrown === 'string' ? thrown : JSON.stringify(thrown));
}

/**
 * The error when policy cannot decide, so that nothing is allowed. The caller gets the message; the logs get the reason
 * as `cause`.
 */
export function policyUnavailable(what: string, thrown: unknown): TenureError {
  return new TenureError('policy_unavailable', `Policy cannot decide: ${what}.`, { cause: asError(thrown) });
}

/** Every obligation that callers of the engine can meet. */
export const knownObligations = ['confine-to-tenants'] as const;
export type Obligation = (typeof knownObligations)[number];

/** A valid response; `obligations` contains only the ids. */
export interface CheckedResponse extends Pick<PolicyResponse, 'allow' | 'deny' | 'rules'> {
  readonly obligations: readonly Obligation[];
}

function knownObligation(id: string): Obligation {
  const known = knownObligations.find((obligation) => obligation === id);
  if (known === undefined) throw new Error(`the obligation "${id}" is unknown`);
  return known;
}

/**
 * Returns the one response in a result set, if it is valid.
 * @throws Error for anything else: no result or several, another shape, an unknown obligation, an allowance with
 * denials, a denial without a reason.
 */
function checkedResponse(resultSet: unknown): CheckedResponse {
  if (!Array.isArray(resultSet) || resultSet.length !== 1)
    throw new Error('the policy did not return exactly one result');
  const [{ result }] = resultSet as [{ readonly result?: unknown }];
  const { allow, deny, obligations, rules } = policyResponseSchema.parse(result);
  if (allow && deny.length > 0) throw new Error('the policy allows and denies at the same time');
  if (!allow && deny.length === 0) throw new Error('the policy denies without a reason');
  return { allow, deny, rules, obligations: obligations.map(({ id }) => knownObligation(id)) };
}

/** An evaluation needs about 14 times the size of its input: 1 MiB at the start, and at most 128 MiB. */
const memory: MemoryBounds = { initial: 16, maximum: 2048 };

export interface PolicyVerdict {
  readonly allow: boolean;
  /** Sorted by rule, then by pointer; empty if and only if allowed. */
  readonly deny: readonly PolicyDenial[];
  /** What the caller must do as a condition of the allowance. */
  readonly obligations: readonly Obligation[];
  /**
   * The part that is logged. Its input digest covers the whole request, so different requests have different digests.
   */
  readonly decision: PolicyDecision;
}

/**
 * Decides only by the compiled policy. If it cannot decide, it throws and never allows; the next decision uses a new
 * instance.
 */
export interface PolicyEngine {
  readonly bundle: Digest;
  /** The roles that are allowed at least one action. */
  readonly roles: ReadonlySet<string>;
  /**
   * May this actor do this at all?
   * @throws TenureError `policy_unavailable` if the policy traps, returns nothing, or returns an invalid response.
   */
  authorize(request: AuthorizationRequest): PolicyVerdict;
  /**
   * May the tenant become this?
   * @throws TenureError `policy_unavailable`, like `authorize`.
   */
  admit(request: AdmissionRequest): PolicyVerdict;
}

function rolesIn({ data }: PolicyBundle): ReadonlySet<string> {
  const { roles = {} } = JSON.parse(Buffer.from(data).toString('utf8')) as { roles?: object };
  return new Set(Object.keys(roles));
}

/**
 * Loads `policy.wasm`, `data.json` and `bundle.json` from a directory.
 * @throws TenureError `policy_unavailable` if one is missing or damaged, the bytes do not match the digest in
 * `bundle.json`, or an entry point is missing.
 */
export async function loadPolicyEngine({
  bundleDirectory,
}: {
  readonly bundleDirectory: string;
}): Promise<PolicyEngine> {
  let bundle: PolicyBundle;
  let evaluate: Evaluate;
  try {
    bundle = await readBundle(bundleDirectory);
    evaluate = createEvaluator(() => instantiatePolicy(bundle, memory), Object.values(policyEntrypoints));
  } catch (thrown) {
    throw policyUnavailable(`the policy in ${bundleDirectory} cannot be loaded; compile it again`, thrown);
  }

  function decide(entrypoint: string, request: AuthorizationRequest | AdmissionRequest): PolicyVerdict {
    try {
      // The policy gets the same bytes that are digested, so a logged decision can be repeated from them.
      const input = canonicalBytes(request);
      const { allow, deny, obligations, rules } = checkedResponse(evaluate(entrypoint, new Uint8Array(input).buffer));
      return {
        allow,
        deny,
        obligations,
        decision: { bundle: bundle.digest, input: sha256(input), decision: allow ? 'allow' : 'deny', rules },
      };
    } catch (thrown) {
      throw policyUnavailable(`its entry point ${entrypoint} returned no valid decision`, thrown);
    }
  }

  return {
    bundle: bundle.digest,
    roles: rolesIn(bundle),
    authorize: (request) => decide(policyEntrypoints.authorize, request),
    admit: (request) => decide(policyEntrypoints.admit, request),
  };
}
