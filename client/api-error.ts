import type { Problem } from '../contracts/problem-document.ts';
import type { ProblemCode } from '../contracts/problems.ts';

/** The API returned a problem. */
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

/** Errors that persist until someone changes a setting or a certificate. */
const permanent: ReadonlySet<string> = new Set([
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

/**
 * There was no response from the API. It is unknown whether a change was made; retry it with the same idempotency key.
 */
export class ApiUnreachable extends Error {
  readonly server: string;
  /** Code of the underlying error, such as `ECONNREFUSED`, if it has one; `REDIRECTED` if the URL redirects. */
  readonly reason: string | undefined;
  /** Whether a retry can succeed. */
  readonly retryable: boolean;

  constructor(server: string, cause: unknown) {
    const origin = originOf(cause);
    super(`no response from ${server}: ${origin instanceof Error ? origin.message || origin.name : String(origin)}`, {
      cause,
    });
    this.name = 'ApiUnreachable';
    this.server = server;
    this.reason =
      origin instanceof Error && 'code' in origin && typeof origin.code === 'string' ? origin.code : undefined;
    this.retryable = this.reason === undefined || !permanent.has(this.reason);
  }
}

/**
 * fetch reports only "fetch failed". The reason is its cause, or, if several addresses were tried, the first error in
 * it.
 */
function originOf(cause: unknown): unknown {
  const origin = cause instanceof TypeError && cause.cause instanceof Error ? cause.cause : cause;
  return origin instanceof AggregateError && origin.errors[0] instanceof Error ? origin.errors[0] : origin;
}

/**
 * The error for a redirect. It is not followed, because that could turn a change into a read and send the token to
 * another host.
 */
export function redirection(location: string | null): Error {
  return Object.assign(new Error(`it redirects to ${location ?? 'another URL'}`), { code: 'REDIRECTED' });
}
