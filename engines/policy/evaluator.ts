import { createRequire } from 'node:module';
import type * as OpaWasm from '@open-policy-agent/opa-wasm';
import type { PolicyBundle } from './bundle.ts';

// The ES module entry of opa-wasm 1.10.0 leaves out `loadPolicySync`, although its types declare it.
const opa = createRequire(import.meta.url)('@open-policy-agent/opa-wasm') as typeof OpaWasm;

/** In pages of 64 KiB. */
export interface MemoryBounds {
  readonly initial: number;
  readonly maximum: number;
}

/**
 * Evaluates an entry point; the input is UTF-8 JSON. Returns the result set, of any shape.
 * Throws whatever the policy or its host throws, which is not always an Error; do not use the instance after that.
 */
export type Evaluate = (entrypoint: string, input: ArrayBuffer) => unknown;

/** One WebAssembly instance of a compiled policy, with its data. */
export interface PolicyInstance {
  /** Names of the entry points. */
  readonly entrypoints: readonly string[];
  readonly evaluate: Evaluate;
}

/**
 * Synchronous, so that a decision can continue with a new instance; takes less than 1 ms once the wasm is compiled.
 * @throws if the wasm or its data cannot be loaded; not always an Error.
 */
export function instantiatePolicy(bundle: PolicyBundle, memory: MemoryBounds): PolicyInstance {
  const policy = opa.loadPolicySync(bundle.wasm, { ...memory });
  policy.setData(bundle.data);
  return {
    entrypoints: Object.keys(policy.entrypoints),
    evaluate: (entrypoint, input) => policy.evaluate(input, entrypoint),
  };
}

/**
 * Keeps one instance. After a throw its memory may be in any state, so it is dropped, and the next evaluation uses a
 * new one.
 * @throws Error if the policy lacks one of the entry points; what `instantiate` throws.
 */
export function createEvaluator(instantiate: () => PolicyInstance, entrypoints: readonly string[]): Evaluate {
  let instance: PolicyInstance | undefined = instantiate();
  const present = instance.entrypoints;
  const missing = entrypoints.filter((entrypoint) => !present.includes(entrypoint));
  if (missing.length > 0) throw new Error(`the policy lacks entry point ${missing.join(', ')}`);

  return (entrypoint, input) => {
    const current = instance ?? instantiate();
    instance = undefined;
    const resultSet = current.evaluate(entrypoint, input);
    instance = current;
    return resultSet;
  };
}
