import type { FinalOperationState } from '../../contracts/operation-states.ts';
import { refusedServices } from './declarations.ts';
import { nameOf } from './fault-cases.ts';
import type { FaultCase } from './fault-cases.ts';
import { Finding } from './finding.ts';
import type { KnownTenants } from './known-tenants.ts';
import { createRendezvous } from './rendezvous.ts';
import type { Meeting, Rendezvous, Standing } from './rendezvous.ts';
import { runCase } from './run-case.ts';
import type { TestBed } from './test-bed.ts';

export interface CaseResult {
  readonly case: FaultCase;
  /** How the operation ended. Absent if that is not as declared, or is not known. */
  readonly end?: FinalOperationState;
  /** What was not as declared. */
  readonly failure?: Finding;
  /**
   * The fault came before the operation reached its failpoint, or after it may have continued: the case shows nothing.
   */
  readonly isMissed?: true;
}

/** Temporal may give up the first attempt of a step after six seconds, and the next one would pass the failpoint. */
const standsForMs = 5_000;
const patienceMs = 4_000;

async function strikeAll(bed: TestBed, standing: readonly Standing[]): Promise<void> {
  for (const { since, tellMissed } of standing) if (performance.now() - since > standsForMs) tellMissed();
  const faults = [...Map.groupBy(standing, ({ fault }) => fault)];
  const gone = await Promise.all(
    faults.map(([fault, there]) =>
      fault.strike(
        bed,
        there.flatMap(({ operation }) => (operation === undefined ? [] : [operation])),
      ),
    ),
  );
  for (const operation of gone.flat()) standing.find((one) => one.operation === operation)?.tellMissed();
}

/** Makes sure that everything that a round ended runs again, even if a case failed. */
async function restore({ installation: { api, worker } }: TestBed): Promise<void> {
  for (const process of [api, worker]) {
    if (!process.runs) process.start();
    await process.ready();
  }
}

/** The meeting for one of the cases; `leave` leaves every rendezvous that this case has not come to. */
function partIn({ prepared, turned, standing }: Meeting): Meeting & { leave(): void } {
  const waiting = new Set<() => void>();
  const part = <T>(rendezvous: Rendezvous<T>): Rendezvous<T> => {
    const leave = (): void => {
      if (waiting.delete(leave)) rendezvous.leave();
    };
    waiting.add(leave);
    return {
      meet(who) {
        waiting.delete(leave);
        return rendezvous.meet(who);
      },
      leave,
      get isOver() {
        return rendezvous.isOver;
      },
    };
  };
  return {
    prepared: part(prepared),
    turned: part(turned),
    standing: part(standing),
    leave() {
      for (const leave of waiting) leave();
    },
  };
}

/**
 * Runs cases together, each on a tenant of its own: their operations wait at their failpoints at the same time, the
 * fault hits all of them once, and each result is compared with what is declared for its case. The faults must be of
 * one round.
 */
export async function runRound(
  bed: TestBed,
  tenants: KnownTenants,
  cases: readonly FaultCase[],
): Promise<CaseResult[]> {
  const meeting: Meeting = {
    prepared: createRendezvous({ expected: cases.length }),
    turned: createRendezvous({ expected: cases.length, patienceMs }),
    standing: createRendezvous({ expected: cases.length, patienceMs, act: (standing) => strikeAll(bed, standing) }),
  };
  const results = await Promise.all(
    cases.map(async (faultCase): Promise<CaseResult> => {
      const { course, fault } = faultCase;
      const part = partIn(meeting);
      try {
        const tenant = await (course.refused === true
          ? tenants.draft(fault.region, refusedServices)
          : tenants.take(course.from, fault.region));
        const ended = await runCase(bed, faultCase, tenant, part);
        if (ended === 'missed') return { case: faultCase, isMissed: true };
        const { end, after } = ended;
        if (after.standing !== 'Purged' && course.refused !== true) tenants.giveBack(after);
        return { case: faultCase, end };
      } catch (error) {
        const failure = error instanceof Finding ? error : new Finding('error', error);
        failure.message = `${nameOf(faultCase)}: ${failure.message}`;
        return { case: faultCase, failure };
      } finally {
        part.leave();
      }
    }),
  );
  await restore(bed);
  return results;
}
