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

/** Who may be using a tenant's database, and until when. */
export interface TenantLeaseStore {
  /** Of two commits that grant and take away at the same moment one gives way to the other, and starts over. */
  grant(tx: Transaction, lease: TenantLease): Promise<void>;
  /** Said in the commit that decides that access is taken away: no grant that has not seen it commits after it. */
  ending(tx: Transaction, tenant: string): Promise<void>;
  /** Of a tenant that is purged nothing is kept. */
  forget(tx: Transaction, tenant: string): Promise<void>;
  /** Prolongs a live lease of the same holder and epoch. Returns whether there was one. */
  renew(lease: TenantLease): Promise<boolean>;
}

/** Ended leases are kept this long, for whoever looks into what happened. */
const keepMs = 24 * 60 * 60 * 1000;

export function createTenantLeaseStore(
  { leases, accessTurns }: Pick<ControlDatabase, 'leases' | 'accessTurns'>,
  clock: Pick<ControlClock, 'now'>,
): TenantLeaseStore {
  // A snapshot alone lets two commits pass each other of which each has read what the other writes: both write this.
  async function takeTurn({ session }: Transaction, tenant: string): Promise<void> {
    await accessTurns.updateOne({ _id: tenant }, { $inc: { turns: 1 } }, { session, upsert: true });
  }

  const expiry = (until: Date): Date => new Date(until.getTime() + keepMs);
  return {
    async grant(tx, { id, ...lease }) {
      await takeTurn(tx, lease.tenant);
      await leases.insertOne({ _id: id, ...lease, expireTime: expiry(lease.until) }, { session: tx.session });
    },
    ending: takeTurn,
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
