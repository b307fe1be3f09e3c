import { nameOf, standsInTheApi } from './fault-cases.ts';
import type { FaultCase } from './fault-cases.ts';
import { Finding } from './finding.ts';
import { createKnownTenants } from './known-tenants.ts';
import { runRound } from './round.ts';
import type { CaseResult } from './round.ts';
import type { TestBed } from './test-bed.ts';

/**
 * How many operations wait at their failpoints at once. A worker has forty slots for workflow tasks, and each operation
 * holds one.
 */
const largestRound = 30;

/** A case that was missed this often is run alone. */
const missedAtMost = 4;

/**
 * What cases of one round have in common: what the fault hits, and about how long they take to reach their failpoints.
 */
export function roundOf({ course, failpoint, fault }: FaultCase): string {
  const pace = standsInTheApi(failpoint) ? 'in the API' : course.turn === undefined ? 'on the way' : 'on the way back';
  return `${fault.round}, ${pace}`;
}

/**
 * Runs cases in rounds of one kind, and yields the results of each. On a busy machine, not all cases of a large round
 * reach their failpoints in time, so the size of a round depends on how many were missed before: additive increase,
 * multiplicative decrease (Chiu and Jain, 1989).
 */
async function* roundsOfOneKind(
  cases: readonly FaultCase[],
  run: (round: readonly FaultCase[]) => Promise<CaseResult[]>,
): AsyncGenerator<CaseResult[]> {
  // The cases of a round have about the same depth, so that none waits long for another.
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
          ? { case: one, failure: new Finding('missed', `${nameOf(one)}: it waited too long`) }
          : result,
      ];
  }
}

/** Called with the results of each round when it ends; cases that were missed run again later. */
export type TellRound = (results: readonly CaseResult[], seconds: number) => Promise<void> | void;

/**
 * Runs cases round by round; cases of one kind run in the given order. Returns how each ended, in no particular order.
 */
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
