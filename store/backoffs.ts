import type { Transaction } from './commit.ts';
import type { ControlClock } from './control-clock.ts';
import type { ControlDatabase } from './control-database.ts';
import { onControl } from './control-errors.ts';
import { idsOfPurged } from './tombstones.ts';

const workKinds = ['purge', 'change_plan', 'reconcile'] as const;

/** Work of one kind that the plane starts by itself for one tenant. */
export interface BackoffKey {
  readonly work: (typeof workKinds)[number];
  readonly tenant: string;
}

/**
 * How often the plane's own work for a tenant has failed in a row, and until when the plane does not retry it: a tenant
 * that keeps failing must not delay the others. These are observations, not decisions: losing them costs one attempt.
 */
export interface BackoffStore {
  /** Tenants whose work of this kind is in backoff now. */
  waiting(work: BackoffKey['work']): Promise<string[]>;
  /** Counts one more failure. `delayMs` returns the wait after that many failures. */
  failed(key: BackoffKey, delayMs: (failures: number) => number): Promise<void>;
  /** Ends the backoff of these tenants for work of this kind. */
  succeeded(work: BackoffKey['work'], tenants: readonly string[]): Promise<void>;
  /** Removes everything about a tenant that is purged. */
  forget(tx: Transaction, tenant: string): Promise<void>;
  /** Removes what was counted for a tenant after its purge, by a caller that had read the tenant before it. */
  forgetPurged(): Promise<void>;
}

const idOf = ({ work, tenant }: BackoffKey): string => `${work}/${tenant}`;

export function createBackoffStore(
  { backoffs, resources }: ControlDatabase,
  clock: Pick<ControlClock, 'now'>,
): BackoffStore {
  return {
    async waiting(work) {
      const documents = await onControl(() =>
        backoffs.find({ work, until: { $gt: clock.now() } }, { projection: { tenant: 1 } }).toArray(),
      );
      return documents.map(({ tenant }) => tenant);
    },
    async failed(key, delayMs) {
      await onControl(async () => {
        const before = await backoffs.findOne({ _id: idOf(key) });
        const failures = (before?.failures ?? 0) + 1;
        await backoffs.updateOne(
          { _id: idOf(key) },
          { $set: { ...key, failures, until: new Date(clock.now().getTime() + delayMs(failures)) } },
          { upsert: true },
        );
      });
    },
    async succeeded(work, tenants) {
      await onControl(() => backoffs.deleteMany({ _id: { $in: tenants.map((tenant) => idOf({ work, tenant })) } }));
    },
    async forget(tx, tenant) {
      await backoffs.deleteMany(
        { _id: { $in: workKinds.map((work) => idOf({ work, tenant })) } },
        { session: tx.session },
      );
    },
    async forgetPurged() {
      await onControl(async () => {
        const purged = await idsOfPurged({ resources }, backoffs, { until: { $lt: clock.now() } }, 'tenant');
        if (purged.length > 0) await backoffs.deleteMany({ _id: { $in: purged } });
      });
    },
  };
}
