import { callerProblems } from './caller-problems.ts';
import { planeProblems } from './plane-problems.ts';
import type { ProblemType } from './problem-type.ts';

/**
 * The one catalogue of everything that can go wrong: HTTP answers, operation errors and CLI exits all name one of these
 * codes. A code once released keeps its meaning for ever; `docs/reference/problems.md` is generated from here.
 */
export const problems = { ...callerProblems, ...planeProblems } as const satisfies Record<string, ProblemType>;

export type ProblemCode = keyof typeof problems;
export const problemCodes = Object.keys(problems) as ProblemCode[];

export function isProblemCode(text: string): text is ProblemCode {
  return Object.hasOwn(problems, text);
}

/** Codes that were released and are no longer used. They are never given another meaning. */
export const retiredProblemCodes: readonly string[] = [];
