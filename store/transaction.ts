import { MongoError } from 'mongodb';
import type { ClientSession } from 'mongodb';
import { TenureError } from '../domain/tenure-error.ts';
import { withinMs } from '../platform/deadline.ts';
import type { ControlDatabase } from './control-database.ts';

/** Without this the driver would retry for two minutes. */
const transactionTimeoutMs = 8_000;

function timedOut(): TenureError {
  return new TenureError('control_unavailable', 'the control database did not commit in time; the outcome is unknown');
}

/**
 * Runs `work` in a transaction with snapshot reads and majority writes. It may run more than once, may call `abort` to
 * roll back what it wrote, and must rethrow database errors untranslated, because the driver retries transient ones.
 * Whether it commits, aborts or throws: it ends when a majority has what it has read.
 * @throws TenureError control_unavailable after eight seconds, with an unknown outcome; what `work` throws
 */
export async function inTransaction<T>(
  { client, resources }: Pick<ControlDatabase, 'client' | 'resources'>,
  work: (session: ClientSession, abort: () => Promise<void>) => Promise<T>,
): Promise<T> {
  const deadline = performance.now() + transactionTimeoutMs;
  const committing = client.withSession(async (session) => {
    // A transaction that is not committed may have read what can still be lost. The session makes this read wait until
    // a majority has it.
    const untilDurable = (): Promise<unknown> => resources.findOne({ _id: '' }, { session, projection: { _id: 1 } });
    const abort = async (): Promise<void> => {
      await session.abortTransaction();
      await untilDurable();
    };
    try {
      return await session.withTransaction(
        async () => {
          // Ends the driver's own retries when nobody waits for the result any more.
          if (performance.now() > deadline) throw timedOut();
          return await work(session, abort);
        },
        {
          readConcern: { level: 'snapshot' },
          writeConcern: { w: 'majority', journal: true },
          maxCommitTimeMS: transactionTimeoutMs,
        },
      );
    } catch (error) {
      if (!(error instanceof MongoError)) await untilDurable();
      throw error;
    }
  });
  return await withinMs(transactionTimeoutMs, committing, timedOut);
}
