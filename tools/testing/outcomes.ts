import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { FileDuration, TestOutcome } from './outcome-reporter.ts';

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

/** The lines that `outcome-reporter.ts` wrote into the files of this folder. */
function readLines(folder: string): (TestOutcome | FileDuration)[] {
  return globSync('*.jsonl', { cwd: folder })
    .toSorted()
    .flatMap((file) => readFileSync(join(folder, file), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as TestOutcome | FileDuration);
}

/** The outcome of each test. */
export function readOutcomes(folder: string): TestOutcome[] {
  return readLines(folder).filter((line) => 'test' in line);
}

/** The files that took longest, the slowest first, and how many seconds all files took together. */
export function slowestFiles(
  folder: string,
  count: number,
): { readonly slowest: FileDuration[]; readonly total: number } {
  const durations = readLines(folder).filter((line) => 'file' in line);
  return {
    slowest: durations.toSorted((a, b) => b.seconds - a.seconds).slice(0, count),
    total: durations.reduce((sum, { seconds }) => sum + seconds, 0),
  };
}

/** `test/skipped.json`: an object that maps each test to a reason. */
export function readAllowedSkips(path: string): ReadonlySet<string> {
  if (!existsSync(path)) return new Set();
  return new Set(Object.keys(JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>));
}
