import type { OperationKind } from '../contracts/lifecycle.ts';
import type { Transaction } from './commit.ts';
import type { ControlDatabase } from './control-database.ts';

/** Counts changes of one kind in a sliding window. */
export interface BrakeStore {
  /**
   * Adds one and returns how many there are within the window, including this one. All counts of a kind are in one
   * document, so of two transactions at the same time one starts again and sees the other.
   */
  count(tx: Transaction, kind: OperationKind, windowMs: number): Promise<number>;
}

/**
 * A window is counted in this many parts. A part that has only partly left the window still counts, so the count can be
 * too high by one part, but never too low.
 */
const partsOfWindow = 60;

export function createBrakeStore({ brakes }: ControlDatabase): BrakeStore {
  return {
    async count(tx, kind, windowMs) {
      const partMs = Math.ceil(windowMs / partsOfWindow);
      const part = new Date(Math.floor(tx.time.getTime() / partMs) * partMs);
      const since = new Date(tx.time.getTime() - windowMs);
      const slots = { $ifNull: ['$slots', []] };
      const others = {
        $filter: {
          input: slots,
          as: 'slot',
          cond: {
            $and: [{ $gt: ['$$slot.start', new Date(since.getTime() - partMs)] }, { $ne: ['$$slot.start', part] }],
          },
        },
      };
      const inThisPart = { $filter: { input: slots, as: 'slot', cond: { $eq: ['$$slot.start', part] } } };
      const thisPart = {
        start: part,
        count: { $add: [1, { $sum: { $map: { input: inThisPart, as: 'slot', in: '$$slot.count' } } }] },
      };
      // An older build stored the time of each change.
      const times = { $filter: { input: { $ifNull: ['$times', []] }, as: 'time', cond: { $gt: ['$$time', since] } } };
      const counted = await brakes.findOneAndUpdate(
        { _id: kind },
        [
          {
            $set: {
              slots: { $concatArrays: [others, [thisPart]] },
              times: { $cond: [{ $eq: [times, []] }, '$$REMOVE', times] },
            },
          },
        ],
        { upsert: true, returnDocument: 'after', session: tx.session },
      );
      const { slots: all = [], times: single = [] } = counted ?? {};
      return single.length + all.reduce((sum, { count }) => sum + count, 0);
    },
  };
}
