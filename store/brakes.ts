import type { OperationKind } from '../contracts/lifecycle.ts';
import type { Transaction } from './commit.ts';
import type { ControlDatabase } from './control-database.ts';

/** Counts changes of one kind in a sliding window. */
export interface BrakeStore {
  /**
   * Adds one and returns how many there are within the window, this one included. All counts of a kind are one document,
   * so of two transactions at the same time one starts over and sees the other.
   */
  count(tx: Transaction, kind: OperationKind, windowMs: number): Promise<number>;
}

/** More are not told apart: the answer is the same. */
const keptAtMost = 10_000;

export function createBrakeStore({ brakes }: ControlDatabase): BrakeStore {
  return {
    async count(tx, kind, windowMs) {
      const since = new Date(tx.time.getTime() - windowMs);
      const within = { $filter: { input: { $ifNull: ['$times', []] }, as: 'time', cond: { $gt: ['$$time', since] } } };
      const counted = await brakes.findOneAndUpdate(
        { _id: kind },
        [{ $set: { times: { $slice: [{ $concatArrays: [within, [tx.time]] }, -keptAtMost] } } }],
        { upsert: true, returnDocument: 'after', session: tx.session },
      );
      return counted?.times.length ?? 1;
    },
  };
}
