import { canonicalBytes, sha256 } from '../../contracts/canonical-json.ts';
import type { Digest } from '../../contracts/identifiers.ts';
import type { AdmissionRequest, AuthorizationRequest, PolicyDecision, PolicyDenial } from '../../contracts/policy.ts';
import { readBundle } from './bundle.ts';
import type { PolicyBundle } from './bundle.ts';
import { createEvaluator } from './evaluator.ts';
import { instantiatePolicy } from './opa-wasm.ts';
import type { Evaluate, MemoryBounds } from './opa-wasm.ts';
import { policyEntrypoints } from './policy-entrypoints.ts';
import { policyUnavailable } from './policy-unavailable.ts';
import { checkedResponse } from './response.ts';
import type { Obligation } from './response.ts';

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
export async function loadPolicyEngine({ bundleDirectory }: { readonly bundleDirectory: string }): Promise<PolicyEngine> {
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
