import { performance } from 'node:perf_hooks';
import type { Digest } from '../../contracts/identifiers.ts';
import { loadPolicyEngine, policyUnavailable } from './policy-engine.ts';
import type { PolicyEngine, PolicyVerdict } from './policy-engine.ts';

export type ObserveDecision = (
  entrypoint: 'authorize' | 'admit',
  decision: 'allow' | 'deny' | 'unavailable',
  seconds: number,
) => void;

/** The policy engine of one process. While there is no bundle, it keeps looking for one. */
export interface MeasuredPolicy extends Pick<PolicyEngine, 'authorize' | 'admit'> {
  /** Empty until a bundle has been loaded. */
  readonly bundle: Digest | '';
  /** The roles that the policy knows; empty until a bundle has been loaded. */
  readonly roles: ReadonlySet<string>;
  /** Resolves if policy can decide. @throws TenureError policy_unavailable */
  check(): Promise<void>;
}

const retryAfterMs = 1_000;

export interface MeasuredPolicyOptions {
  readonly bundleDirectory: string;
  readonly observe: ObserveDecision;
}

/** Decides and measures. Without a bundle it refuses every question and looks for the bundle again each second. */
export function measuredPolicy({ bundleDirectory, observe }: MeasuredPolicyOptions): MeasuredPolicy {
  let engine: PolicyEngine | undefined;
  let failure: unknown;
  let triedAt = 0;
  let loading: Promise<void> | undefined;

  function load(): Promise<void> {
    loading ??= loadPolicyEngine({ bundleDirectory })
      .then(
        (loaded) => {
          engine = loaded;
        },
        (error: unknown) => {
          failure = error;
        },
      )
      .finally(() => {
        loading = undefined;
        triedAt = performance.now();
      });
    return loading;
  }
  void load();

  function measured(entrypoint: 'authorize' | 'admit', decide: (policy: PolicyEngine) => PolicyVerdict): PolicyVerdict {
    if (engine === undefined) {
      if (performance.now() - triedAt > retryAfterMs) void load();
      observe(entrypoint, 'unavailable', 0);
      throw policyUnavailable('no policy bundle could be loaded', failure);
    }
    const startTime = performance.now();
    try {
      const verdict = decide(engine);
      observe(entrypoint, verdict.decision.decision, (performance.now() - startTime) / 1000);
      return verdict;
    } catch (error) {
      observe(entrypoint, 'unavailable', (performance.now() - startTime) / 1000);
      throw error;
    }
  }

  return {
    get bundle() {
      return engine?.bundle ?? '';
    },
    get roles() {
      return engine?.roles ?? new Set<string>();
    },
    authorize: (request) => measured('authorize', (policy) => policy.authorize(request)),
    admit: (request) => measured('admit', (policy) => policy.admit(request)),
    async check() {
      if (engine === undefined) await load();
      if (engine === undefined) throw policyUnavailable('no policy bundle could be loaded', failure);
    },
  };
}
