import type { Filter, UpdateFilter } from 'mongodb';
import type { MemberState, RolloutState } from '../contracts/rollout.ts';
import { memberStates } from '../contracts/rollout.ts';
import { TenureError } from '../domain/tenure-error.ts';
import type { Transaction } from './commit.ts';
import type { ControlDatabase } from './control-database.ts';
import { isDuplicateKey, onControl } from './control-errors.ts';
import type { RolloutDocument, RolloutMemberDocument } from './documents.ts';
import { upgradeOnRead } from './storage-versions.ts';

export type MemberCounts = Record<MemberState, number>;

/** Roll-outs and how far each is with which tenant. */
export interface RolloutStore {
  /** @throws TenureError rollout_not_possible, while another one of the template runs */
  insert(tx: Transaction, rollout: RolloutDocument): Promise<RolloutDocument>;
  /**
   * Changes one that is in one of these states.
   * @throws TenureError rollout_not_possible
   */
  turn(tx: Transaction, id: string, from: readonly RolloutState[], update: UpdateFilter<RolloutDocument>): Promise<RolloutDocument>;
  find(id: string): Promise<RolloutDocument | undefined>;
  /** Newest first. */
  list(templateUid: string, page: { readonly before?: string; readonly limit: number }): Promise<RolloutDocument[]>;
  /** Those that a workflow has something to do for. */
  unsettled(): Promise<RolloutDocument[]>;
  /** Writes down how far it is; nothing where it no longer runs. */
  progress(id: string, seen: Partial<Pick<RolloutDocument, 'cursor' | 'wave'>>): Promise<void>;
  /** Nothing is left to be done for one that does not run. */
  settled(id: string): Promise<void>;
  /** Takes a tenant in, once. */
  take(rollout: string, tenant: { readonly uid: string; readonly name: string }): Promise<void>;
  setMember(id: RolloutMemberDocument['_id'], seen: Pick<RolloutMemberDocument, 'state' | 'operationId' | 'error'>): Promise<void>;
  /** Moves all its members of one state to another. */
  moveMembers(tx: Transaction, rollout: string, from: MemberState, to: MemberState): Promise<void>;
  members(rollout: string, state: MemberState, limit: number): Promise<RolloutMemberDocument[]>;
  counts(rollout: string): Promise<MemberCounts>;
}

export function createRolloutStore({ rollouts, rolloutMembers }: ControlDatabase): RolloutStore {
  const find = async (filter: Filter<RolloutDocument>): Promise<RolloutDocument | undefined> => {
    const document = await onControl(() => rollouts.findOne(filter));
    return document === null ? undefined : upgradeOnRead(document);
  };

  return {
    async insert(tx, rollout) {
      try {
        await rollouts.insertOne(rollout, { session: tx.session });
      } catch (error) {
        if (isDuplicateKey(error)) throw new TenureError('rollout_not_possible', `another roll-out of template "${rollout.template.name}" has not ended`, { cause: error });
        throw error;
      }
      return rollout;
    },
    async turn(tx, id, from, update) {
      const after = await rollouts.findOneAndUpdate({ _id: id, state: { $in: [...from] } }, update, { session: tx.session, returnDocument: 'after' });
      if (after !== null) return upgradeOnRead(after);
      const present = await rollouts.findOne({ _id: id }, { session: tx.session });
      throw new TenureError('rollout_not_possible', `roll-out ${id} is ${present?.state ?? 'gone'}`);
    },
    find: (id) => find({ _id: id }),
    async list(templateUid, { before, limit }) {
      const documents = await onControl(() => rollouts.find({ 'template.uid': templateUid, ...(before === undefined ? {} : { _id: { $lt: before } }) }).sort({ _id: -1 }).limit(limit).toArray());
      return documents.map((document) => upgradeOnRead(document));
    },
    unsettled: async () => (await onControl(() => rollouts.find({ unsettled: true }).toArray())).map((document) => upgradeOnRead(document)),
    async progress(id, seen) {
      await onControl(() => rollouts.updateOne({ _id: id, state: 'running' }, { $set: { ...seen, updateTime: new Date() } }));
    },
    async settled(id) {
      await onControl(() => rollouts.updateOne({ _id: id, state: { $ne: 'running' } }, { $unset: { unsettled: '' } }));
    },
    async take(rollout, { uid, name }) {
      await onControl(() => rolloutMembers.updateOne({ _id: { rollout, tenant: uid } }, { $setOnInsert: { name, state: 'changing', operationId: null, error: null } }, { upsert: true }));
    },
    async setMember(id, seen) {
      await onControl(() => rolloutMembers.updateOne({ _id: id, state: 'changing' }, { $set: seen }));
    },
    async moveMembers(tx, rollout, from, to) {
      await rolloutMembers.updateMany({ '_id.rollout': rollout, state: from }, { $set: { state: to, ...(to === 'changing' ? { operationId: null, error: null } : {}) } }, { session: tx.session });
    },
    members: (rollout, state, limit) => onControl(() => rolloutMembers.find({ '_id.rollout': rollout, state }).sort({ name: 1 }).limit(limit).toArray()),
    async counts(rollout) {
      const counted = await onControl(() => Promise.all(memberStates.map(async (state) => [state, await rolloutMembers.countDocuments({ '_id.rollout': rollout, state })] as const)));
      return Object.fromEntries(counted) as MemberCounts;
    },
  };
}
