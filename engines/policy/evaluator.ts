import type { Evaluate, PolicyInstance } from './opa-wasm.ts';

/**
 * Keeps one instance. One that has thrown may have left its memory in any state, so it is dropped, and the next
 * evaluation begins with a new one.
 * @throws Error when the policy lacks one of the entry points; what `instantiate` throws.
 */
export function createEvaluator(instantiate: () => PolicyInstance, entrypoints: readonly string[]): Evaluate {
  let instance: PolicyInstance | undefined = instantiate();
  const present = instance.entrypoints;
  const missing = entrypoints.filter((entrypoint) => !present.includes(entrypoint));
  if (missing.length > 0) throw new Error(`the policy has no entry point ${missing.join(', ')}`);

  return (entrypoint, input) => {
    const current = instance ?? instantiate();
    instance = undefined;
    const resultSet = current.evaluate(entrypoint, input);
    instance = current;
    return resultSet;
  };
}
