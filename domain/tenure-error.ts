import type { ProblemDetail } from '../contracts/problem-document.ts';
import type { ProblemCode } from '../contracts/problems.ts';

export interface TenureErrorOptions {
  /** Each flaw with its pointer, rule and fix, if it has them. */
  readonly errors?: readonly ProblemDetail[];
  /** Id of the operation that blocks the request. */
  readonly operationId?: string;
  readonly cause?: unknown;
}

/** The only error that crosses the boundary of a room on purpose. `message` is for people and contains no secret. */
export class TenureError extends Error {
  readonly code: ProblemCode;
  readonly errors: readonly ProblemDetail[];
  readonly operationId: string | undefined;

  constructor(code: ProblemCode, message: string, options: TenureErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'TenureError';
    this.code = code;
    this.errors = options.errors ?? [];
    this.operationId = options.operationId;
  }
}
