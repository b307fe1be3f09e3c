import type { Transaction } from './commit.ts';
import type { ControlClock } from './control-clock.ts';
import type { ControlDatabase } from './control-database.ts';
import { onControl } from './control-errors.ts';
import type { DriftDocument } from './documents.ts';
import { idsOfPurged } from './tombstones.ts';

export interface DriftObservation extends Pick<DriftDocument, 'cell' | 'findings'> {
  readonly tenant: string;
  readonly fence: number;
}

/** What the last scan found for each tenant. Observations, not decisions. */
export interface DriftStore {
  observe(observations: readonly DriftObservation[]): Promise<void>;
  /** Undefined also if an operation has run since the scan: it may have changed what was found. */
  find(tenant: { readonly _id: string; readonly lastFence: number }): Promise<DriftDocument | undefined>;
  /** Removes the findings of a tenant that is purged. */
  forget(tx: Transaction, tenant: string): Promise<void>;
  /** Removes what a scan recorded after the purge of a tenant that it had read before. */
  forgetPurged(): Promise<void>;
}

/** Each scan renews its observations, so only older ones are looked up. */
const staleAfterMs = 60 * 60 * 1000;

export function createDriftStore({ drift, resources }: ControlDatabase, clock: Pick<ControlClock, 'now'>): DriftStore {
  return {
    async observe(observations) {
      const checkTime = clock.now();
      const updates = observations.map(({ tenant, ...observed }) => ({
        updateOne: { filter: { _id: tenant }, update: { $set: { ...observed, checkTime } }, upsert: true },
      }));
      if (updates.length > 0) await onControl(() => drift.bulkWrite(updates, { ordered: false }));
    },
    async find({ _id, lastFence }) {
      const found = await onControl(() => drift.findOne({ _id }));
      return found === null || found.fence !== lastFence ? undefined : found;
    },
    async forget(tx, tenant) {
      await drift.deleteOne({ _id: tenant }, { session: tx.session });
    },
    async forgetPurged() {
      await onControl(async () => {
        const purged = await idsOfPurged(
          { resources },
          drift,
          { checkTime: { $lt: new Date(clock.now().getTime() - staleAfterMs) } },
          '_id',
        );
        if (purged.length > 0) await drift.deleteMany({ _id: { $in: purged } });
      });
    },
  };
}
