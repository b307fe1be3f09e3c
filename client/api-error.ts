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

/** No answer came, or none that is the API's. Whether a change was made is not known; repeat it under the same key. */
export class ApiUnreachable extends Error {
  constructor(server: string, cause: unknown) {
    super(`no answer from ${server}: ${reasonOf(cause)}`, { cause });
    this.name = 'ApiUnreachable';
  }
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  // fetch says only "fetch failed"; what happened is its cause.
  return cause.cause instanceof Error ? cause.cause.message || cause.cause.name : cause.message;
}
