import type { MongoClient } from 'mongodb';
import { planeProcesses } from '../platform/processes.ts';
import { onControl } from './control-errors.ts';

/**
 * How long a transaction of the plane may have waited for its process, all its waits together. Each transaction writes
 * for a few milliseconds, and the driver starts it again if it is ended too early.
 */
const maxWaitMs = 3_000;

interface OpenTransaction {
  readonly lsid: { readonly id: unknown };
}

/**
 * Ends transactions that a process of the plane has begun and does not continue, because it was killed or suspended.
 * mongod notices neither, and blocks the documents they have written until `transactionLifetimeLimitSeconds` is over.
 * Needs no more rights than the plane's user has: it sees and ends only its own sessions.
 * @returns how many were ended
 * @throws TenureError control_unavailable
 */
export function endAbandonedTransactions(client: MongoClient): Promise<number> {
  return onControl(async () => {
    await client.connect();
    const admin = client.db('admin');
    const abandoned = await admin
      .aggregate<OpenTransaction>([
        { $currentOp: { allUsers: false, idleSessions: true } },
        {
          $match: {
            type: 'idleSession',
            appName: { $in: Object.values(planeProcesses) },
            'transaction.timeInactiveMicros': { $gte: maxWaitMs * 1000 },
          },
        },
        { $project: { lsid: 1 } },
      ])
      .toArray();
    if (abandoned.length > 0) await admin.command({ killSessions: abandoned.map(({ lsid: { id } }) => ({ id })) });
    return abandoned.length;
  });
}
