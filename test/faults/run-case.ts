import assert from 'node:assert/strict';
import type { FinalOperationState } from '../../contracts/operation-states.ts';
import type { ArmedFailpoint } from '../harness/armed-failpoint.ts';
import { until } from '../harness/until.ts';
import { endOf, expectTenant } from './expected-end.ts';
import { declaredEnd, isOfTheNext, standsInTheApi, turnOf } from './fault-cases.ts';
import type { FaultCase } from './fault-cases.ts';
import { Finding, finding } from './finding.ts';
import { plant } from './known-tenants.ts';
import { beginTransaction } from './open-transaction.ts';
import type { OpenTransaction } from './open-transaction.ts';
import { endOfPreemption } from './preemption-end.ts';
import { placedIn } from './registry-state.ts';
import { ask, changeBy, runningOperation } from './requests.ts';
import type { RunningOperation } from './requests.ts';
import type { Meeting } from './rendezvous.ts';
import type { KnownTenant } from './standing.ts';
import type { TestBed } from './test-bed.ts';
import { asked, turnRound } from './turn-round.ts';
import type { Turned } from './turn-round.ts';

type Change = ReturnType<typeof changeBy>;

/** Long, because the machine may be busy with something else. */
const reachedWithinMs = 180_000;

/** What a case has started. */
interface Running extends Turned {
  readonly answer: Promise<RunningOperation>;
  /** The failpoint where the fault hits it. */
  readonly place: ArmedFailpoint;
}

/** Requests the operation, and makes it undo its steps if that is part of its course. */
async function begin(
  bed: TestBed,
  faultCase: FaultCase,
  tenant: KnownTenant,
  change: Change,
  meeting: Meeting,
  armed: ArmedFailpoint[],
): Promise<Running> {
  const { course, failpoint } = faultCase;
  const arm = (name: string): ArmedFailpoint => {
    const failpointOfTenant = bed.pauseAt(name, tenant.name);
    armed.push(failpointOfTenant);
    return failpointOfTenant;
  };
  const turn = turnOf(faultCase);
  if (turn === undefined || standsInTheApi(failpoint)) meeting.turned.leave();
  if (turn === undefined) {
    const place = arm(failpoint);
    return { place, answer: asked(ask(bed, course.path, tenant, change)) };
  }
  const turnAt = arm(turn.at);
  const answer = asked(ask(bed, course.path, tenant, change));
  const operation = await finding('refused', () => answer);
  await finding('unreached', () => until(`${turn.at} is reached`, turnAt.isHit, reachedWithinMs));
  // Armed only now: this operation and one that waits for it pass failpoints of the same name.
  const place = arm(failpoint);
  const turned = await finding('unturned', () => turnRound(bed, faultCase, turn, tenant, operation));
  if (!standsInTheApi(failpoint)) {
    await meeting.turned.meet();
    turnAt.release();
  }
  return { place, answer, ...turned };
}

/** The operation that the fault hits. At its acceptance, it is known only from what the request has committed. */
async function struckOperation(
  { installation: { store } }: TestBed,
  faultCase: FaultCase,
  tenant: KnownTenant,
  { answer, next }: Running,
): Promise<RunningOperation | undefined> {
  if (!faultCase.failpoint.startsWith('accept.')) return isOfTheNext(faultCase) && next !== undefined ? next : answer;
  const accepted = (await store.resources.findByUid('Tenant', tenant.uid))?.operation;
  return accepted == null ? undefined : runningOperation(accepted, tenant);
}

export interface EndedCase {
  /** How the operation of the course ended. */
  readonly end: FinalOperationState;
  /** The tenant as other cases may use it. */
  readonly after: KnownTenant;
}

/** Compares what a case leaves with what is declared. */
async function expectEnd(
  bed: TestBed,
  faultCase: FaultCase,
  tenant: KnownTenant,
  change: Change,
  running: Running,
  transaction: OpenTransaction | undefined,
): Promise<EndedCase> {
  const { course } = faultCase;
  const operation = await finding('refused', () => running.answer);
  if (running.next !== undefined) {
    const next = await finding('refused', () => running.next);
    const { after, ended } = await finding('outcome', () =>
      endOfPreemption(bed, faultCase, tenant, operation, next as RunningOperation),
    );
    const [{ end }] = ended;
    return { end, after: await expectTenant(bed, end === 'succeeded' ? { ...after, ...change } : after, ended) };
  }
  const { state, error } = await endOf(bed, operation);
  const wasCancelled = await finding('refused', () => running.cancelled);
  await finding('outcome', () => assert.equal(state, declaredEnd(faultCase, wasCancelled), JSON.stringify(error)));
  let after: KnownTenant = state === 'succeeded' ? { ...tenant, ...change, standing: course.to } : tenant;
  if (course.path === 'activate' && state === 'succeeded')
    after = await plant(bed, { ...after, region: await placedIn(bed, after) });
  if (transaction !== undefined && state === 'succeeded') {
    await finding('access', async () =>
      assert.equal(await transaction.commits(), false, 'a transaction open at the suspension is not committed'),
    );
  }
  return { end: state, after: await expectTenant(bed, after, [{ operation, end: state }]) };
}

/**
 * Brings one operation to its failpoint, waits for the fault, lets the operation continue, and compares what it leaves
 * with what is declared. `missed`: the fault came before the operation was there, or after it may have continued.
 */
export async function runCase(
  bed: TestBed,
  faultCase: FaultCase,
  tenant: KnownTenant,
  meeting: Meeting,
): Promise<EndedCase | 'missed'> {
  const { course, failpoint, fault } = faultCase;
  const change = changeBy(
    course.path,
    tenant,
    `added${tenant.services.flatMap(({ collections }) => collections).length}`,
  );
  const transaction =
    course.name === 'suspend' ? await finding('access', () => beginTransaction(bed, tenant)) : undefined;
  const armed: ArmedFailpoint[] = [];
  const releaseAll = (): void => armed.forEach((one) => one.release());
  let isMissed = false;
  let hasStood = false;
  try {
    await meeting.prepared.meet();
    const running = await begin(bed, faultCase, tenant, change, meeting, armed);
    await finding('unreached', () =>
      until(`${failpoint} is reached`, () => running.place.isHit() || meeting.standing.isOver, reachedWithinMs),
    );
    const since = performance.now();
    const operation = await finding('refused', () => struckOperation(bed, faultCase, tenant, running));
    const struck = {
      fault,
      ...(operation === undefined ? {} : { operation }),
      since,
      tellMissed: () => void (isMissed = true),
    };
    hasStood = await finding('strike', () => meeting.standing.meet(struck));
    releaseAll();
    if (isMissed || !hasStood) return 'missed';
    return await expectEnd(bed, faultCase, tenant, change, running, transaction);
  } catch (error) {
    const isOfTheFault = error instanceof Finding && error.word === 'strike';
    if (!hasStood && meeting.standing.isOver && !isOfTheFault) return 'missed';
    throw error;
  } finally {
    releaseAll();
    await transaction?.close();
  }
}
