import type { ProblemDetail } from '../contracts/problem-document.ts';
import type { ProblemCode } from '../contracts/problems.ts';

export interface TenureErrorOptions {
  /** Flaws one by one, each with its pointer, rule and fix where there is one. */
  readonly errors?: readonly ProblemDetail[];
  /** Id of the operation that is in the way. */
  readonly operationId?: string;
  readonly cause?: unknown;
}

/** The only error that crosses a room's door on purpose. `message` is for people and holds no secret. */
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
