import type { ClientSession } from 'mongodb';
import { withinMs } from '../platform/deadline.ts';
import { TenureError } from '../domain/tenure-error.ts';
import type { ControlClock } from './control-clock.ts';
import type { ControlDatabase } from './control-database.ts';
import { asControlError, asLedgerError } from './control-errors.ts';
import { sealEntry } from './ledger.ts';
import type { LedgerDraft } from './ledger.ts';

/**
 * Proof of being inside a commit. Every function that changes control data asks for one, and only {@link Commit} makes
 * them; so nothing changes without the entry that says so.
 */
export interface Transaction {
  readonly session: ClientSession;
  /** The one time of everything that is committed here, by mongod's clock. */
  readonly time: Date;
  /**
   * Id of the first entry, known before it is written. It is drawn when it is first asked for: by then the transaction has
   * its snapshot, so it is younger than the entry of every commit that this one has seen.
   */
  readonly entryId: string;
}

/** What a commit's work returns: at least one entry. */
export interface Committed<T> {
  readonly result: T;
  readonly entries: readonly [LedgerDraft, ...LedgerDraft[]];
}

/** What a commit's work returns where what it is to write has been written before. What it wrote itself is taken back. */
export interface AlreadyCommitted<T> {
  readonly already: T;
}

/**
 * Runs `work` and writes its entries in one transaction with majority write concern. If the entries cannot be written,
 * nothing was changed. `work` may run more than once and must touch nothing but this transaction; what it throws on the
 * database it throws untranslated, for the driver repeats what is transient.
 * @throws TenureError control_unavailable when the ledger takes no entry or the outcome is not known; what `work` throws, with nothing changed.
 */
export type Commit = <T>(work: (tx: Transaction) => Promise<Committed<T> | AlreadyCommitted<T>>) => Promise<T>;

/** The driver itself goes on for two minutes. */
const commitTimeoutMs = 8_000;

export interface CommitDependencies {
  readonly database: ControlDatabase;
  readonly clock: Pick<ControlClock, 'asked' | 'now'>;
  readonly installation: string;
  readonly newId: () => string;
  /** `abort`: everything is written, so that mongod checks it, and then taken back. */
  readonly end: 'commit' | 'abort';
}

export function createCommit({ database, clock, installation, newId, end }: CommitDependencies): Commit {
  return async (work) => {
    const late = (): TenureError =>
      new TenureError(
        'control_unavailable',
        'the control database did not commit in time; whether it still will is not known',
      );
    const deadline = performance.now() + commitTimeoutMs;
    try {
      await clock.asked();
      const committing = database.client.withSession((session) =>
        session.withTransaction(
          async () => {
            // Ends the driver's own repeating once nobody waits for the result.
            if (performance.now() > deadline) throw late();
            // Anew for each try: a commit that had to give way to another is then younger than it, in id and time.
            let drawn: string | undefined;
            const tx: Transaction = {
              session,
              time: clock.now(),
              get entryId() {
                return (drawn ??= newId());
              },
            };
            const done = await work(tx);
            if ('already' in done) {
              await session.abortTransaction();
              return done.already;
            }
            const { result, entries } = done;
            const documents = entries.map((draft, index) =>
              sealEntry(draft, { id: index === 0 ? tx.entryId : newId(), time: tx.time, installation }),
            );
            await database.ledger.insertMany(documents, { session }).catch((error: unknown) => {
              throw asLedgerError(error);
            });
            if (end === 'abort') await session.abortTransaction();
            return result;
          },
          {
            readConcern: { level: 'snapshot' },
            writeConcern: { w: 'majority', journal: true },
            maxCommitTimeMS: commitTimeoutMs,
          },
        ),
      );
      return await withinMs(commitTimeoutMs, committing, late);
    } catch (error) {
      throw asControlError(error);
    }
  };
}
