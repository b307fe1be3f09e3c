import type { ControlDatabase } from './control-database.ts';
import { onControl } from './control-errors.ts';
import type { DriftDocument } from './documents.ts';

/** What the last scan found of each tenant. Observations, not decisions. */
export interface DriftStore {
  observe(tenant: string, seen: Pick<DriftDocument, 'cell' | 'findings'>): Promise<void>;
  find(tenant: string): Promise<DriftDocument | undefined>;
}

export function createDriftStore({ drift }: ControlDatabase): DriftStore {
  return {
    async observe(tenant, { cell, findings }) {
      await onControl(() => drift.updateOne({ _id: tenant }, { $set: { cell, findings: [...findings], checkTime: new Date() } }, { upsert: true }));
    },
    async find(tenant) {
      return (await onControl(() => drift.findOne({ _id: tenant }))) ?? undefined;
    },
  };
}
