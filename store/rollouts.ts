import type { Document, Filter, UpdateFilter } from 'mongodb';
import type { MemberState, RolloutState } from '../contracts/rollout.ts';
import { memberStates } from '../contracts/rollout.ts';
import { TenureError } from '../domain/tenure-error.ts';
import type { Transaction } from './commit.ts';
import type { ControlClock } from './control-clock.ts';
import type { ControlDatabase } from './control-database.ts';
import { isDuplicateKey, onControl, seenBy } from './control-errors.ts';
import type { RolloutDocument, RolloutMemberDocument } from './documents.ts';
import { mapSized, readSized } from './reading.ts';
import type { Sized } from './reading.ts';
import { upgradeOnRead } from './storage-versions.ts';

export type MemberCounts = Record<MemberState, number>;

/** Roll-outs, and the progress of each with each tenant. */
export interface RolloutStore {
  /** @throws TenureError rollout_not_possible, while another roll-out of the template runs */
  insert(tx: Transaction, rollout: RolloutDocument): Promise<RolloutDocument>;
  /** Changes a roll-out that is in one of these states. @throws TenureError rollout_not_possible */
  transition(
    tx: Transaction,
    id: string,
    from: readonly RolloutState[],
    update: UpdateFilter<RolloutDocument> | Document[],
  ): Promise<RolloutDocument>;
  find(id: string): Promise<RolloutDocument | undefined>;
  /** Newest first. */
  scan(
    templateUid: string,
    page: { readonly before?: string; readonly limit: number },
  ): AsyncIterable<Sized<RolloutDocument>>;
  /** Roll-outs for which a workflow still has work. */
  unfinished(): Promise<RolloutDocument[]>;
  /**
   * Records the progress of a roll-out that runs and is still at `expected`.
   * @throws TenureError rollout_not_possible, when its state was changed in the meantime or another iteration has
   * continued it
   */
  progress(
    id: string,
    expected: Partial<Pick<RolloutDocument, 'cursor' | 'wave'>>,
    next: Partial<Pick<RolloutDocument, 'cursor' | 'wave'>>,
  ): Promise<void>;
  /** Records that a roll-out that does not run has no more work. */
  markFinished(id: string): Promise<void>;
  /** Adds a tenant, once. Returns whether it was not a member before. */
  take(rollout: string, tenant: { readonly uid: string; readonly name: string }): Promise<boolean>;
  /**
   * Records the operation that changes a member, in the commit that starts it; `null` if the member needs no operation.
   * Of this commit and a `transition` of the roll-out, one sees the other: once a transition has stopped the roll-out, nothing more
   * is started.
   * @throws TenureError rollout_not_possible, when it does not run, or another iteration has started the member
   */
  beginMember(tx: Transaction, id: RolloutMemberDocument['_id'], operationId: string | null): Promise<void>;
  /**
   * Removes members that were added but not started, if the roll-out does not run: it adds them again when it is
   * resumed.
   */
  releaseUnstarted(rollout: string): Promise<void>;
  /**
   * Marks members as failed that have been changing for longer than this, by mongod's clock. Their operations continue.
   */
  failOverdue(rollout: string, changingMs: number): Promise<void>;
  /** Records the result of a member that is being changed by the operation with which it was read. */
  setMember(
    member: Pick<RolloutMemberDocument, '_id' | 'operationId'>,
    result: Pick<RolloutMemberDocument, 'state' | 'operationId' | 'error'>,
  ): Promise<void>;
  /** Moves all its members from one state to another. */
  moveMembers(tx: Transaction, rollout: string, from: MemberState, to: MemberState): Promise<void>;
  /** By name; in a transaction, as the transaction sees them. */
  members(rollout: string, state: MemberState, limit: number, tx?: Transaction): Promise<RolloutMemberDocument[]>;
  counts(rollout: string, tx?: Transaction): Promise<MemberCounts>;
}

export function createRolloutStore(
  { rollouts, rolloutMembers }: ControlDatabase,
  clock: Pick<ControlClock, 'now'>,
): RolloutStore {
  const find = async (filter: Filter<RolloutDocument>): Promise<RolloutDocument | undefined> => {
    const document = await onControl(() => rollouts.findOne(filter));
    return document === null ? undefined : upgradeOnRead(document);
  };

  const transition: RolloutStore['transition'] = async (tx, id, from, update) => {
    const after = await rollouts.findOneAndUpdate({ _id: id, state: { $in: [...from] } }, update, {
      session: tx.session,
      returnDocument: 'after',
    });
    if (after !== null) return upgradeOnRead(after);
    const current = await rollouts.findOne({ _id: id }, { session: tx.session });
    throw new TenureError('rollout_not_possible', `roll-out ${id} is ${current?.state ?? 'gone'}`);
  };

  return {
    async insert(tx, rollout) {
      try {
        await rollouts.insertOne(rollout, { session: tx.session });
      } catch (error) {
        if (isDuplicateKey(error))
          throw new TenureError(
            'rollout_not_possible',
            `another roll-out of template "${rollout.template.name}" has not ended`,
            { cause: error },
          );
        throw error;
      }
      return rollout;
    },
    transition,
    find: (id) => find({ _id: id }),
    scan(templateUid, { before, limit }) {
      const page = readSized(
        rollouts,
        { 'template.uid': templateUid, ...(before === undefined ? {} : { _id: { $lt: before } }) },
        { sort: { _id: -1 }, limit },
      );
      return mapSized(page, (document) => upgradeOnRead(document));
    },
    unfinished: async () =>
      (await onControl(() => rollouts.find({ unsettled: true }).toArray())).map((document) => upgradeOnRead(document)),
    async progress(id, expected, next) {
      const { matchedCount } = await onControl(() =>
        rollouts.updateOne({ ...expected, _id: id, state: 'running' }, { $set: { ...next, updateTime: clock.now() } }),
      );
      if (matchedCount === 0)
        throw new TenureError('rollout_not_possible', `roll-out ${id} has changed since this iteration read it`);
    },
    async markFinished(id) {
      await onControl(() => rollouts.updateOne({ _id: id, state: { $ne: 'running' } }, { $unset: { unsettled: '' } }));
    },
    async take(rollout, { uid, name }) {
      const taken = {
        state: { $ifNull: ['$state', 'changing'] },
        name: { $ifNull: ['$name', { $literal: name }] },
        operationId: { $ifNull: ['$operationId', null] },
        error: { $ifNull: ['$error', null] },
        takeTime: { $ifNull: ['$takeTime', '$$NOW'] },
      };
      const { upsertedCount } = await onControl(() =>
        rolloutMembers.updateOne({ _id: { rollout, tenant: uid } }, [{ $set: taken }], { upsert: true }),
      );
      return upsertedCount > 0;
    },
    async beginMember(tx, id, operationId) {
      // Always a new time: an update that changes nothing would not conflict.
      await transition(
        tx,
        id.rollout,
        ['running'],
        [{ $set: { updateTime: { $max: [tx.time, { $add: ['$updateTime', 1] }] } } }],
      );
      const { matchedCount } = await rolloutMembers.updateOne(
        { _id: id, state: 'changing', operationId: null },
        { $set: { state: operationId === null ? 'changed' : 'changing', operationId, error: null } },
        { session: tx.session },
      );
      if (matchedCount === 0)
        throw new TenureError(
          'rollout_not_possible',
          `tenant ${id.tenant} was started by another iteration of roll-out ${id.rollout}`,
        );
    },
    async releaseUnstarted(rollout) {
      await onControl(async () => {
        const notStarted = { '_id.rollout': rollout, state: 'changing', operationId: null } as const;
        if ((await rolloutMembers.findOne(notStarted)) === null) return;
        // This comes first: adding starts from the beginning again, and skips tenants that already have the version.
        const { matchedCount } = await rollouts.updateOne(
          { _id: rollout, state: { $ne: 'running' } },
          { $set: { cursor: null } },
        );
        if (matchedCount > 0) await rolloutMembers.deleteMany(notStarted);
      });
    },
    async failOverdue(rollout, changingMs) {
      const message = {
        $concat: [
          'it was not changed within ',
          { $toString: changingMs / 60_000 },
          ' minutes',
          {
            $cond: [
              { $eq: [{ $ifNull: ['$operationId', null] }, null] },
              '',
              { $concat: ['; operation ', '$operationId', ' continues'] },
            ],
          },
        ],
      };
      const isOverdue = { $lt: ['$takeTime', { $subtract: ['$$NOW', changingMs] }] };
      await onControl(() =>
        rolloutMembers.updateMany(
          { '_id.rollout': rollout, state: 'changing', takeTime: { $exists: true }, $expr: isOverdue },
          [{ $set: { state: 'failed', error: { code: 'operation_in_progress', message } } }],
        ),
      );
    },
    async setMember({ _id, operationId }, result) {
      await onControl(() => rolloutMembers.updateOne({ _id, operationId, state: 'changing' }, { $set: result }));
    },
    async moveMembers(tx, rollout, from, to) {
      await rolloutMembers.updateMany(
        { '_id.rollout': rollout, state: from },
        { $set: { state: to, ...(to === 'changing' ? { operationId: null, error: null, takeTime: tx.time } : {}) } },
        { session: tx.session },
      );
    },
    members: (rollout, state, limit, tx) =>
      seenBy(tx, (session) =>
        rolloutMembers.find({ '_id.rollout': rollout, state }, session).sort({ name: 1 }).limit(limit).toArray(),
      ),
    async counts(rollout, tx) {
      const perState = [{ $match: { '_id.rollout': rollout } }, { $group: { _id: '$state', count: { $sum: 1 } } }];
      const counted = await seenBy(tx, (session) =>
        rolloutMembers.aggregate<{ readonly _id: MemberState; readonly count: number }>(perState, session).toArray(),
      );
      return Object.fromEntries(
        memberStates.map((state) => [state, counted.find(({ _id }) => _id === state)?.count ?? 0]),
      ) as MemberCounts;
    },
  };
}
