import { TenureError } from '../../domain/tenure-error.ts';
import { createQuota } from './quota.ts';
import type { GiveBack, Quota } from './quota.ts';
import { createTurns } from './turns.ts';
import type { Turns } from './turns.ts';

/** What callers may hold of a process at one time, so that none can keep it from the others, or use up its memory. */
export interface Shares {
  /** Requests that are not answered yet. */
  readonly requests: Quota;
  /** Bytes of bodies that are being received: a slow sender keeps only its own others waiting. */
  readonly bodies: Turns;
  /** Bytes of bodies that are being handled, and stand in memory as values. */
  readonly handling: Turns;
  /** Lists that are being read. */
  readonly pages: Turns;
  /** Bytes of answers and events that are not read yet. */
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
/** Every wait is looked after; so many ids are asked about at once. */
const allWaits = 2_000;

/** What is counted in bytes is for a process with a heap of 256 MB (`platform/node-flags.ts`) in 512 MB of memory. */
export function createShares({ requestsPerCaller, watchesPerCaller, waitsPerCaller }: ShareLimits): Shares {
  return {
    requests: createQuota({ perCaller: requestsPerCaller }),
    bodies: createTurns({ perCaller: 2 * mebi, total: 48 * mebi }),
    handling: createTurns({ perCaller: 2 * mebi, total: 4 * mebi }),
    pages: createTurns({ perCaller: 2, total: 4 }),
    unread: createQuota({ perCaller: 16 * mebi, total: 96 * mebi }),
    watches: createQuota({ perCaller: watchesPerCaller }),
    waits: createQuota({ perCaller: waitsPerCaller, total: allWaits }),
  };
}

/** @throws TenureError too_many_requests */
export function takeShare(quota: Quota, caller: string, what: string, amount = 1): GiveBack {
  const giveBack = quota.take(caller, amount);
  if (giveBack === undefined)
    throw new TenureError('too_many_requests', `the caller has as many ${what} as one caller may have here`);
  return giveBack;
}
