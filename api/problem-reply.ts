import { problems } from '../contracts/problems.ts';
import type { Problem } from '../contracts/problem-document.ts';
import { TenureError } from '../domain/tenure-error.ts';
import { InvalidToken } from './authentication.ts';

export interface ProblemReply {
  readonly status: number;
  readonly body: Problem;
  readonly headers: Readonly<Record<string, string>>;
}

const retryAfterSeconds = '2';

/**
 * Errors from express and its body parser have a status and a type. Their messages can quote the body, so they are not
 * used.
 */
function fromHttp(error: unknown): TenureError | undefined {
  if (typeof error !== 'object' || error === null || !('status' in error)) return undefined;
  const type = 'type' in error ? String(error.type) : '';
  if (error.status === 413) return new TenureError('body_too_large', 'the body is larger than 1 MiB', { cause: error });
  if (error.status === 415)
    return new TenureError('media_type_unsupported', `the encoding or charset of the body is not supported (${type})`, {
      cause: error,
    });
  if (error.status === 400)
    return new TenureError(
      'request_invalid',
      type === 'entity.parse.failed' ? 'the body is not well-formed JSON' : 'the request is malformed',
      { cause: error },
    );
  return undefined;
}

/** Converts any thrown value into a problem of the catalogue. Unknown errors reveal no details to the caller. */
export function asTenureError(error: unknown): TenureError {
  if (error instanceof TenureError) return error;
  return (
    fromHttp(error) ??
    new TenureError('internal', 'unexpected error; find the details in the log under this requestId', { cause: error })
  );
}

/** RFC 6750: no error attributes if no token was sent. A description must not contain quotes or backslashes. */
function challenge(error: TenureError): string {
  const realm = 'Bearer realm="tenure"';
  return error instanceof InvalidToken
    ? `${realm}, error="invalid_token", error_description="${error.message.replaceAll('"', "'").replaceAll(/[^\x20-\x5B\x5D-\x7E]/g, '')}"`
    : realm;
}

/** The RFC 9457 response to an error. */
export function problemReply(error: TenureError, requestId: string): ProblemReply {
  const { status, title, fix, retryable } = problems[error.code];
  const operation = error.operationId === undefined ? {} : { operation: `/v1/operations/${error.operationId}` };
  return {
    status,
    headers: {
      'content-type': 'application/problem+json',
      ...(status === 503 || status === 429 ? { 'retry-after': retryAfterSeconds } : {}),
      ...(status === 401 ? { 'www-authenticate': challenge(error) } : {}),
      ...(error.operationId === undefined ? {} : { link: `</v1/operations/${error.operationId}>; rel="related"` }),
    },
    body: {
      type: `/problems/${error.code}`,
      code: error.code,
      title,
      status,
      detail: error.message,
      fix,
      requestId,
      retryable,
      ...(error.errors.length === 0 ? {} : { errors: [...error.errors] }),
      ...operation,
    },
  };
}
