import type { StepKey } from '../domain/step-plan.ts';
import type { Transaction } from './commit.ts';
import type { ControlDatabase } from './control-database.ts';
import { onControl, seenBy } from './control-errors.ts';
import type { OperationDocument, StepDocument } from './documents.ts';
import { fenced } from './operations.ts';
import type { Holder } from './operations.ts';

/** One attempt at one step of one operation. */
export interface StepAttempt extends Holder {
  readonly step: StepKey;
  /** Unique to the attempt. */
  readonly attempt: string;
}

/**
 * The intent that is committed before an effect outside the control database, with a lease that says how long its
 * holder may still be working (Gray and Cheriton, "Leases", SOSP 1989). Times are the server's. The holder counts from
 * before its request, so the clocks need not agree.
 */
export interface StepLeases {
  /**
   * Commits the intent to ensure the step, and takes a lease.
   * @returns true; false if another attempt of the same holder has already completed the step, or a cancellation was
   * requested
   * @throws TenureError fenced, also when the operation is compensating
   */
  intend(attempt: StepAttempt, leaseMs: number): Promise<boolean>;
  /**
   * Takes a lease to undo the step, unless another attempt may still be ensuring it or has committed that it is undone.
   * @returns 0 when the lease is held, otherwise the milliseconds until the next try
   * @throws TenureError fenced
   */
  intendUndo(attempt: StepAttempt, leaseMs: number): Promise<number>;
  /** @throws TenureError fenced, when the lease is gone */
  renew(attempt: StepAttempt, leaseMs: number): Promise<void>;
  /**
   * Records that this attempt has failed, and the reason, for people. If this write is lost, others only have to wait
   * for the lease to end.
   */
  release(attempt: StepAttempt, reason: string): Promise<void>;
  /** Records why an attempt could not begin, for people, if the step is still in the state that the attempt found. */
  note(attempt: StepAttempt, found: StepDocument['state'], reason: string): Promise<void>;
  /** Milliseconds until no attempt of the operation can still be working; 0 if none can now. */
  remainingMs(operationId: string, tx?: Transaction): Promise<number>;
}

const failedAttempt = (reason: string): string => `an attempt failed: ${reason}`;

type Stage = Record<string, unknown>;

const liveLeases = { $filter: { input: '$leases', as: 'lease', cond: { $gt: ['$$lease.until', '$$NOW'] } } };

function otherLiveLeases(attempt: string): Stage {
  return {
    $filter: {
      input: '$leases',
      as: 'lease',
      cond: { $and: [{ $gt: ['$$lease.until', '$$NOW'] }, { $ne: ['$$lease.holder', attempt] }] },
    },
  };
}

function leaseOf({ attempt, step }: StepAttempt, leaseMs: number): Stage {
  return { holder: attempt, step, until: { $add: ['$$NOW', leaseMs] } };
}

export function createStepLeases({ operations }: ControlDatabase): StepLeases {
  async function take(
    attempt: StepAttempt,
    leaseMs: number,
    state: OperationDocument['state'],
    set: Stage,
    guard: Stage = {},
  ): Promise<boolean> {
    const { matchedCount } = await onControl(() =>
      operations.updateOne({ _id: attempt.operationId, fence: attempt.fence, state, ...guard }, [
        {
          $set: {
            ...set,
            updateTime: '$$NOW',
            leases: { $concatArrays: [otherLiveLeases(attempt.attempt), [leaseOf(attempt, leaseMs)]] },
          },
        },
      ]),
    );
    return matchedCount === 1;
  }

  async function remaining(
    operationId: string,
    { step, tx }: { readonly step?: StepKey; readonly tx?: Transaction | undefined },
  ): Promise<number> {
    const [found] = await seenBy(tx, (session) =>
      operations
        .aggregate<{ leases: { step: string; remainingMs: number }[] }>(
          [
            { $match: { _id: operationId } },
            {
              $project: {
                leases: {
                  $map: {
                    input: liveLeases,
                    as: 'lease',
                    in: { step: '$$lease.step', remainingMs: { $subtract: ['$$lease.until', '$$NOW'] } },
                  },
                },
              },
            },
          ],
          session,
        )
        .toArray(),
    );
    const live = (found?.leases ?? []).filter((lease) => step === undefined || lease.step === step);
    return Math.max(0, ...live.map((lease) => lease.remainingMs));
  }

  return {
    async intend(attempt, leaseMs) {
      const path = `steps.${attempt.step}`;
      const set = {
        [`${path}.state`]: 'intent',
        [`${path}.attempts`]: { $add: [`$${path}.attempts`, 1] },
        [`${path}.startTime`]: { $ifNull: [`$${path}.startTime`, '$$NOW'] },
      };
      // A requested cancellation comes first: an operation that begins its pivot has not been cancelled.
      if (await take(attempt, leaseMs, 'running', set, { [`${path}.state`]: { $ne: 'done' }, cancelRequestTime: null }))
        return true;
      if (
        (await onControl(() =>
          operations.countDocuments({ _id: attempt.operationId, fence: attempt.fence, state: 'running' }),
        )) === 0
      )
        throw fenced(attempt);
      return false;
    },
    async intendUndo(attempt, leaseMs) {
      const path = `steps.${attempt.step}.state`;
      const noOtherHolder = {
        [path]: { $ne: 'undone' },
        $expr: {
          $not: {
            $anyElementTrue: {
              $map: {
                input: liveLeases,
                as: 'lease',
                in: { $and: [{ $eq: ['$$lease.step', attempt.step] }, { $ne: ['$$lease.holder', attempt.attempt] }] },
              },
            },
          },
        },
      };
      if (await take(attempt, leaseMs, 'compensating', {}, noOtherHolder)) return 0;
      const waitMs = await remaining(attempt.operationId, { step: attempt.step });
      if (waitMs > 0) return waitMs;
      // The blocking lease may have ended between the two reads.
      if (await take(attempt, leaseMs, 'compensating', {}, noOtherHolder)) return 0;
      // A late attempt begins nothing: its next check finds that the step is undone.
      if (
        (await onControl(() =>
          operations.countDocuments({
            _id: attempt.operationId,
            fence: attempt.fence,
            state: 'compensating',
            [path]: 'undone',
          }),
        )) === 1
      )
        return 1;
      throw fenced(attempt);
    },
    async renew(attempt, leaseMs) {
      const held = { leases: { $elemMatch: { holder: attempt.attempt } } };
      const { matchedCount } = await onControl(() =>
        operations.updateOne({ _id: attempt.operationId, fence: attempt.fence, ...held }, [
          {
            $set: {
              updateTime: '$$NOW',
              leases: { $concatArrays: [otherLiveLeases(attempt.attempt), [leaseOf(attempt, leaseMs)]] },
            },
          },
        ]),
      );
      if (matchedCount === 0) throw fenced(attempt);
    },
    async release({ operationId, attempt, step }, reason) {
      await onControl(() =>
        operations.updateOne(
          { _id: operationId, 'leases.holder': attempt },
          { $pull: { leases: { holder: attempt } }, $set: { [`steps.${step}.result`]: failedAttempt(reason) } },
        ),
      );
    },
    async note({ operationId, fence, step }, found, reason) {
      await onControl(() =>
        operations.updateOne(
          { _id: operationId, fence, [`steps.${step}.state`]: found },
          { $set: { [`steps.${step}.result`]: failedAttempt(reason) } },
        ),
      );
    },
    remainingMs: (operationId, tx) => remaining(operationId, { tx }),
  };
}
