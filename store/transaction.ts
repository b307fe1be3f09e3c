import type { ClientSession, MongoClient } from 'mongodb';
import { TenureError } from '../domain/tenure-error.ts';
import { withinMs } from '../platform/deadline.ts';

/** Without this the driver would retry for two minutes. */
const transactionTimeoutMs = 8_000;

function timedOut(): TenureError {
  return new TenureError('control_unavailable', 'the control database did not commit in time; the outcome is unknown');
}

/**
 * Runs `work` in a transaction with snapshot reads and majority writes. It may run more than once, and must rethrow
 * database errors untranslated, because the driver retries transient ones.
 * @throws TenureError control_unavailable after eight seconds, with an unknown outcome; what `work` throws
 */
export async function inTransaction<T>(client: MongoClient, work: (session: ClientSession) => Promise<T>): Promise<T> {
  const deadline = performance.now() + transactionTimeoutMs;
  const committing = client.withSession((session) =>
    session.withTransaction(
      async () => {
        // Ends the driver's own retries when nobody waits for the result any more.
        if (performance.now() > deadline) throw timedOut();
        return await work(session);
      },
      {
        readConcern: { level: 'snapshot' },
        writeConcern: { w: 'majority', journal: true },
        maxCommitTimeMS: transactionTimeoutMs,
      },
    ),
  );
  return await withinMs(transactionTimeoutMs, committing, timedOut);
}
