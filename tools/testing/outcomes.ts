import { existsSync, readFileSync } from 'node:fs';

import type { TestOutcome } from './outcome-reporter.ts';

/** Why a run without a failed test still fails; empty if nothing is wrong. */
export function complaints(outcomes: readonly TestOutcome[], allowedSkips: ReadonlySet<string>): string[] {
  const unlisted = outcomes.filter(({ test, skipped }) => skipped && !allowedSkips.has(test));
  const complaintList = unlisted.map(
    ({ test }) => `skipped but not listed in test/skipped.json: "${test}"; run it, or list it there with the reason`,
  );
  if (outcomes.every(({ skipped }) => skipped))
    complaintList.push('no test ran; check the file names and the name pattern');
  return complaintList;
}

/** The lines that `outcome-reporter.ts` wrote. */
export function readOutcomes(path: string): TestOutcome[] {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as TestOutcome);
}

/** `test/skipped.json`: an object that maps each test to a reason. */
export function readAllowedSkips(path: string): ReadonlySet<string> {
  if (!existsSync(path)) return new Set();
  return new Set(Object.keys(JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>));
}
