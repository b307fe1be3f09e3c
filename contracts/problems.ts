import { callerProblems } from './caller-problems.ts';
import { planeProblems } from './plane-problems.ts';
import type { ProblemType } from './problem-type.ts';

/**
 * The catalogue of everything that can go wrong. HTTP responses, operation errors and CLI exits all use these codes.
 * A released code never changes its meaning. `docs/reference/problems.md` is generated from here.
 */
export const problems = { ...callerProblems, ...planeProblems } as const satisfies Record<string, ProblemType>;

export type ProblemCode = keyof typeof problems;
export const problemCodes = Object.keys(problems) as ProblemCode[];

export function isProblemCode(text: string): text is ProblemCode {
  return Object.hasOwn(problems, text);
}

/** Released codes that are no longer used. They must not be reused with another meaning. */
export const retiredProblemCodes: readonly string[] = [];
