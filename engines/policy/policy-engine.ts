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

/** Policy could not decide, and so nothing is allowed. The message goes to the caller; the reason, to the logs as `cause`. */
export function policyUnavailable(what: string, thrown: unknown): TenureError {
  return new TenureError('policy_unavailable', `Policy cannot decide: ${what}.`, { cause: asError(thrown) });
}

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
function checkedResponse(resultSet: unknown): CheckedResponse {
  if (!Array.isArray(resultSet) || resultSet.length !== 1) throw new Error('the policy yielded no single result');
  const [{ result }] = resultSet as [{ readonly result?: unknown }];
  const { allow, deny, obligations, rules } = policyResponseSchema.parse(result);
  if (allow && deny.length > 0) throw new Error('the policy allows and denies at once');
  if (!allow && deny.length === 0) throw new Error('the policy refuses without a reason');
  return { allow, deny, rules, obligations: obligations.map(({ id }) => knownObligation(id)) };
}

/** An evaluation takes about 14 times the size of its input: 1 MiB to begin with, and at most 128 MiB. */
const memory: MemoryBounds = { initial: 16, maximum: 2048 };

export interface PolicyVerdict {
  readonly allow: boolean;
  /** By rule, then by pointer; empty exactly when allowed. */
  readonly deny: readonly PolicyDenial[];
  /** What the caller must do for the allowance to hold. */
  readonly obligations: readonly Obligation[];
  /** What is logged of it. Its input digest covers the whole request, so it differs where the request does. */
  readonly decision: PolicyDecision;
}

/**
 * Decides by the compiled policy and by nothing else: what cannot be decided is thrown, never allowed. The next decision
 * then begins with a new instance.
 */
export interface PolicyEngine {
  readonly bundle: Digest;
  /** Those that some action is allowed to. */
  readonly roles: ReadonlySet<string>;
  /**
   * May this actor do this at all?
   * @throws TenureError `policy_unavailable` when the policy traps, yields nothing, or answers what cannot be obeyed.
   */
  authorize(request: AuthorizationRequest): PolicyVerdict;
  /**
   * May the tenant become this?
   * @throws TenureError `policy_unavailable` as `authorize` does.
   */
  admit(request: AdmissionRequest): PolicyVerdict;
}

function rolesIn({ data }: PolicyBundle): ReadonlySet<string> {
  const { roles = {} } = JSON.parse(Buffer.from(data).toString('utf8')) as { roles?: object };
  return new Set(Object.keys(roles));
}

/**
 * Loads `policy.wasm`, `data.json` and `bundle.json` from a directory.
 * @throws TenureError `policy_unavailable` when one is missing or damaged, the bytes are not those that the digest in
 * `bundle.json` names, or an entry point is missing.
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
      // The policy is given the very bytes that are digested, so a logged decision can be repeated from them.
      const input = canonicalBytes(request);
      const { allow, deny, obligations, rules } = checkedResponse(evaluate(entrypoint, new Uint8Array(input).buffer));
      return {
        allow,
        deny,
        obligations,
        decision: { bundle: bundle.digest, input: sha256(input), decision: allow ? 'allow' : 'deny', rules },
      };
    } catch (thrown) {
      throw policyUnavailable(`its entry point ${entrypoint} came to no decision`, thrown);
    }
  }

  return {
    bundle: bundle.digest,
    roles: rolesIn(bundle),
    authorize: (request) => decide(policyEntrypoints.authorize, request),
    admit: (request) => decide(policyEntrypoints.admit, request),
  };
}
