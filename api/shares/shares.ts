import { TenureError } from '../../domain/tenure-error.ts';
import { createQuota } from './quota.ts';
import type { GiveBack, Quota } from './quota.ts';
import { createFairQueue } from './fair-queue.ts';
import type { FairQueue } from './fair-queue.ts';

/** Limits what each caller may use of a process, so that no caller can block others or exhaust the memory. */
export interface Shares {
  /** Requests in progress. */
  readonly requests: Quota;
  /** Bytes of bodies that are being received. A slow sender delays only its own other requests. */
  readonly bodies: FairQueue;
  /** Bytes of bodies that are being handled and are in memory as values. */
  readonly handling: FairQueue;
  /** Lists that are being read. */
  readonly pages: FairQueue;
  /** Bytes of responses and events that callers have not read yet. */
  readonly unread: Quota;
  readonly watches: Quota;
  /** Waits for the end of an operation. */
  readonly waits: Quota;
}

export interface ShareLimits {
  readonly requestsPerCaller: number;
  readonly watchesPerCaller: number;
  readonly waitsPerCaller: number;
}

const mebi = 1024 * 1024;
/** Maximum number of waits, because all awaited operations are read in one query. */
const allWaits = 2_000;

/** The byte limits fit a process with a heap of 256 MB (`platform/processes.ts`) and 512 MB of memory. */
export function createShares({ requestsPerCaller, watchesPerCaller, waitsPerCaller }: ShareLimits): Shares {
  return {
    requests: createQuota({ perCaller: requestsPerCaller }),
    bodies: createFairQueue({ perCaller: 2 * mebi, total: 48 * mebi }),
    handling: createFairQueue({ perCaller: 2 * mebi, total: 4 * mebi }),
    pages: createFairQueue({ perCaller: 2, total: 4 }),
    unread: createQuota({ perCaller: 16 * mebi, total: 96 * mebi }),
    watches: createQuota({ perCaller: watchesPerCaller }),
    waits: createQuota({ perCaller: waitsPerCaller, total: allWaits }),
  };
}

/** @throws TenureError too_many_requests */
export function takeShare(quota: Quota, caller: string, what: string, amount = 1): GiveBack {
  const giveBack = quota.take(caller, amount);
  if (giveBack === undefined) throw new TenureError('too_many_requests', `the caller has reached its limit of ${what}`);
  return giveBack;
}
