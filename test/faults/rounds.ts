import { nameOf, standsInTheApi } from './fault-cases.ts';
import type { FaultCase } from './fault-cases.ts';
import { Finding } from './finding.ts';
import { createKnownTenants } from './known-tenants.ts';
import { runRound } from './round.ts';
import type { CaseResult } from './round.ts';
import type { TestBed } from './test-bed.ts';

/** How many operations stand at their failpoints at once: a worker has forty places for workflow tasks, and each holds one. */
const largestRound = 30;

/** A case that was missed this often is run alone. */
const missedAtMost = 4;

/** What cases of one round have in common: who is struck, and about how long it takes them to come to their failpoints. */
export function roundOf({ course, failpoint, fault }: FaultCase): string {
  const pace = standsInTheApi(failpoint) ? 'in the API' : course.turn === undefined ? 'on the way' : 'on the way back';
  return `${fault.round}, ${pace}`;
}

/**
 * Runs cases in rounds of one kind, and yields the results of each. On a busy machine not all of a large round come to
 * their failpoints in time, so its size follows what was missed: additive increase, multiplicative decrease (Chiu and Jain, 1989).
 */
async function* roundsOfOneKind(
  cases: readonly FaultCase[],
  run: (round: readonly FaultCase[]) => Promise<CaseResult[]>,
): AsyncGenerator<CaseResult[]> {
  // About the same depth in each, so that none waits long for another.
  let waiting = cases.toSorted((a, b) => a.depth - b.depth);
  const alone: FaultCase[] = [];
  const misses = new Map<FaultCase, number>();
  let size = largestRound;
  while (waiting.length > 0) {
    const results = await run(waiting.slice(0, size));
    const missed = results.filter(({ isMissed }) => isMissed === true).map((result) => result.case);
    for (const one of missed) misses.set(one, (misses.get(one) ?? 0) + 1);
    const isHopeless = (one: FaultCase): boolean => misses.get(one) === missedAtMost;
    alone.push(...missed.filter(isHopeless));
    waiting = [...missed.filter((one) => !isHopeless(one)), ...waiting.slice(size)];
    size = missed.length * 5 > results.length ? Math.max(1, Math.floor(size * 0.7)) : Math.min(largestRound, size + 2);
    yield results;
  }
  for (const one of alone) {
    const [result] = await run([one]);
    if (result !== undefined)
      yield [
        result.isMissed === true
          ? { case: one, failure: new Finding('missed', `${nameOf(one)}: it stood too long`) }
          : result,
      ];
  }
}

/** Gets the results of each round as it ends; those that were missed come again. */
export type TellRound = (results: readonly CaseResult[], seconds: number) => Promise<void> | void;

/** Runs cases round by round, those of one kind in the order they are given in. Returns how each ended, in no particular order. */
export async function runRounds(bed: TestBed, cases: readonly FaultCase[], tell: TellRound): Promise<CaseResult[]> {
  const tenants = createKnownTenants(bed);
  const all = new Map<string, CaseResult>();
  for (const group of Map.groupBy(cases, roundOf).values()) {
    let started = performance.now();
    for await (const results of roundsOfOneKind(group, (round) => runRound(bed, tenants, round))) {
      for (const result of results) all.set(nameOf(result.case), result);
      await tell(results, (performance.now() - started) / 1000);
      started = performance.now();
    }
  }
  return [...all.values()];
}
