import { problems } from '../contracts/problems.ts';
import type { ProblemType } from '../contracts/problems.ts';

/** The catalogue's word on a code. A later API may know codes that this command does not: those are told as they come. */
export function problemType(code: string): Pick<ProblemType, 'exit' | 'title'> {
  const known: Readonly<Record<string, ProblemType>> = problems;
  return known[code] ?? { exit: 'operationFailed', title: code };
}
