import type { Transaction } from './commit.ts';
import type { ControlDatabase } from './control-database.ts';
import { onControl } from './control-errors.ts';
import type { DriftDocument } from './documents.ts';

export interface DriftObservation extends Pick<DriftDocument, 'cell' | 'findings'> {
  readonly tenant: string;
}

/** What the last scan found of each tenant. Observations, not decisions. */
export interface DriftStore {
  observe(seen: readonly DriftObservation[]): Promise<void>;
  find(tenant: string): Promise<DriftDocument | undefined>;
  /** What was found of a tenant whose home an operation has changed since, or that is purged. */
  forget(tx: Transaction, tenant: string): Promise<void>;
}

export function createDriftStore({ drift }: ControlDatabase): DriftStore {
  return {
    async observe(seen) {
      const checkTime = new Date();
      const updates = seen.map(({ tenant, cell, findings }) => ({ updateOne: { filter: { _id: tenant }, update: { $set: { cell, findings, checkTime } }, upsert: true } }));
      if (updates.length > 0) await onControl(() => drift.bulkWrite(updates, { ordered: false }));
    },
    async find(tenant) {
      return (await onControl(() => drift.findOne({ _id: tenant }))) ?? undefined;
    },
    async forget(tx, tenant) {
      await drift.deleteOne({ _id: tenant }, { session: tx.session });
    },
  };
}
