import { TenureError } from '../../domain/tenure-error.ts';

/** opa-wasm throws strings (aborts) and plain objects (missing builtins) besides errors. */
function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  return new Error(typeof thrown === 'string' ? thrown : JSON.stringify(thrown));
}

/** Policy could not decide, and so nothing is allowed. The message goes to the caller; the reason, to the logs as `cause`. */
export function policyUnavailable(what: string, thrown: unknown): TenureError {
  return new TenureError('policy_unavailable', `Policy cannot decide: ${what}.`, { cause: asError(thrown) });
}
