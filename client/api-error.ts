import type { Problem } from '../contracts/problem-document.ts';
import type { ProblemCode } from '../contracts/problems.ts';

/** A problem that the API answered with. */
export class ApiError extends Error {
  readonly code: ProblemCode;
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.name = 'ApiError';
    this.code = problem.code;
    this.problem = problem;
  }
}

/** What stays until somebody changes a setting or a certificate. */
const lasting: ReadonlySet<string> = new Set([
  ...[
    'REDIRECTED',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'UNABLE_TO_GET_ISSUER_CERT',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  ],
  ...[
    'CERT_HAS_EXPIRED',
    'CERT_NOT_YET_VALID',
    'CERT_UNTRUSTED',
    'CERT_SIGNATURE_FAILURE',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'ERR_SSL_WRONG_VERSION_NUMBER',
  ],
]);

/** No answer came, or none that is the API's. Whether a change was made is not known; repeat it under the same key. */
export class ApiUnreachable extends Error {
  readonly server: string;
  /** Code of what stood in the way, such as `ECONNREFUSED`, where it has one; `REDIRECTED` where the address points to another. */
  readonly reason: string | undefined;
  /** Whether an answer may come if it is only asked for again. */
  readonly retryable: boolean;

  constructor(server: string, cause: unknown) {
    const origin = originOf(cause);
    super(`no answer from ${server}: ${origin instanceof Error ? origin.message || origin.name : String(origin)}`, {
      cause,
    });
    this.name = 'ApiUnreachable';
    this.server = server;
    this.reason =
      origin instanceof Error && 'code' in origin && typeof origin.code === 'string' ? origin.code : undefined;
    this.retryable = this.reason === undefined || !lasting.has(this.reason);
  }
}

/** fetch says only "fetch failed"; what happened is its cause, and of several addresses that were tried the first one's. */
function originOf(cause: unknown): unknown {
  const origin = cause instanceof TypeError && cause.cause instanceof Error ? cause.cause : cause;
  return origin instanceof AggregateError && origin.errors[0] instanceof Error ? origin.errors[0] : origin;
}

/** An answer that sends whoever asks to another address: followed, a change would arrive as a read, and the token at another machine. */
export function redirection(location: string | null): Error {
  return Object.assign(new Error(`it points to ${location ?? 'another address'}`), { code: 'REDIRECTED' });
}
