import type { ControlDatabase } from './control-database.ts';
import { onControl } from './control-errors.ts';
import type { Transaction } from './commit.ts';

export interface TenantLease {
  readonly id: string;
  readonly tenant: string;
  readonly epoch: number;
  readonly subject: string;
  readonly until: Date;
}

/** Who may be using a tenant's database, and until when. */
export interface TenantLeaseStore {
  grant(tx: Transaction, lease: TenantLease): Promise<void>;
  /** Prolongs a live lease of the same holder and epoch. Returns whether there was one. */
  renew(lease: TenantLease): Promise<boolean>;
}

/** Ended leases are kept this long, for whoever looks into what happened. */
const keepMs = 24 * 60 * 60 * 1000;

export function createTenantLeaseStore({ leases }: ControlDatabase): TenantLeaseStore {
  const expiry = (until: Date): Date => new Date(until.getTime() + keepMs);
  return {
    async grant(tx, { id, ...lease }) {
      await leases.insertOne({ _id: id, ...lease, expireTime: expiry(lease.until) }, { session: tx.session });
    },
    async renew({ id, tenant, epoch, subject, until }) {
      const { matchedCount } = await onControl(() =>
        leases.updateOne({ _id: id, tenant, epoch, subject, until: { $gt: new Date() } }, { $set: { until, expireTime: expiry(until) } }),
      );
      return matchedCount === 1;
    },
  };
}
