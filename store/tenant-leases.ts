import type { ControlClock } from './control-clock.ts';
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

/** Who may use a tenant's database, and until when. */
export interface TenantLeaseStore {
  /**
   * If one commit grants access and another revokes it at the same moment, they conflict, and one of them starts again.
   */
  grant(tx: Transaction, lease: TenantLease): Promise<void>;
  /** Called in the commit that decides to revoke access: no grant that has not seen this commit can commit after it. */
  ending(tx: Transaction, tenant: string): Promise<void>;
  /** Removes everything about a tenant that is purged. */
  forget(tx: Transaction, tenant: string): Promise<void>;
  /** Extends a live lease of the same holder and epoch. Returns whether there was one. */
  renew(lease: TenantLease): Promise<boolean>;
}

/** Ended leases are kept this long, for investigations. */
const keepMs = 24 * 60 * 60 * 1000;

export function createTenantLeaseStore(
  { leases, accessTurns }: Pick<ControlDatabase, 'leases' | 'accessTurns'>,
  clock: Pick<ControlClock, 'now'>,
): TenantLeaseStore {
  // With snapshots alone, two commits can both succeed although each has read what the other writes. Both write this
  // document, so they conflict.
  async function forceConflict({ session }: Transaction, tenant: string): Promise<void> {
    await accessTurns.updateOne({ _id: tenant }, { $inc: { turns: 1 } }, { session, upsert: true });
  }

  const expiry = (until: Date): Date => new Date(until.getTime() + keepMs);
  return {
    async grant(tx, { id, ...lease }) {
      await forceConflict(tx, lease.tenant);
      await leases.insertOne({ _id: id, ...lease, expireTime: expiry(lease.until) }, { session: tx.session });
    },
    ending: forceConflict,
    async forget({ session }, tenant) {
      await accessTurns.deleteOne({ _id: tenant }, { session });
    },
    async renew({ id, tenant, epoch, subject, until }) {
      const { matchedCount } = await onControl(() =>
        leases.updateOne(
          { _id: id, tenant, epoch, subject, until: { $gt: clock.now() } },
          { $set: { until, expireTime: expiry(until) } },
        ),
      );
      return matchedCount === 1;
    },
  };
}
