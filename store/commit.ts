import type { ClientSession } from 'mongodb';
import type { ControlClock } from './control-clock.ts';
import type { ControlDatabase } from './control-database.ts';
import { asControlError, asLedgerError } from './control-errors.ts';
import { sealEntry } from './ledger.ts';
import type { LedgerDraft } from './ledger.ts';
import { inTransaction } from './transaction.ts';

/**
 * Proof of being inside a commit. Every function that changes control data requires one, and only {@link Commit}
 * creates them, so nothing changes without its ledger entry.
 */
export interface Transaction {
  readonly session: ClientSession;
  /** The time of everything in this commit, by mongod's clock. */
  readonly time: Date;
  /**
   * Id of the entry at this position in the commit, known before it is written. It is generated at the first access: by
   * then the transaction has its snapshot, so the id is later than the entry of every commit that this one has seen.
   */
  entryId(position?: number): string;
  /** Whether this attempt has been committed. False while its work runs, and for an attempt that was rolled back. */
  readonly isCommitted: boolean;
}

/** What a commit's work returns: a result and at least one entry. */
export interface Committed<T> {
  readonly result: T;
  readonly entries: readonly [LedgerDraft, ...LedgerDraft[]];
}

/**
 * What a commit's work returns if an earlier attempt has already committed its result. Everything that this attempt
 * wrote is rolled back.
 */
export interface AlreadyCommitted<T> {
  readonly already: T;
}

/**
 * Runs `work` and writes its entries in one transaction with majority write concern. If the entries cannot be written,
 * nothing is changed. `work` may run more than once and must touch nothing but this transaction. It must rethrow
 * database errors untranslated, because the driver retries transient ones.
 * @throws TenureError control_unavailable when the ledger entry cannot be written or the outcome is unknown; what
 * `work` throws, with nothing changed.
 */
export type Commit = <T>(work: (tx: Transaction) => Promise<Committed<T> | AlreadyCommitted<T>>) => Promise<T>;

export interface CommitDependencies {
  readonly database: ControlDatabase;
  readonly clock: Pick<ControlClock, 'asked' | 'now'>;
  readonly installation: string;
  readonly newId: () => string;
  /** `abort`: everything is written, so that mongod checks it, and then rolled back. */
  readonly end: 'commit' | 'abort';
}

export function createCommit({ database, clock, installation, newId, end }: CommitDependencies): Commit {
  return async (work) => {
    /** The attempt whose writes the transaction has when it commits. */
    let written: Transaction | undefined;
    let committed: Transaction | undefined;
    try {
      await clock.asked();
      const result = await inTransaction(database, async (session, abort) => {
        // New for each attempt: a commit that lost a conflict then has a later id and time than the commit it
        // conflicted with.
        const ids: string[] = [];
        written = undefined;
        const tx: Transaction = {
          session,
          time: clock.now(),
          entryId(position = 0) {
            while (ids.length <= position) ids.push(newId());
            return ids[position] as string;
          },
          get isCommitted() {
            return committed === tx;
          },
        };
        const outcome = await work(tx);
        if ('already' in outcome) {
          await abort();
          return outcome.already;
        }
        const { result: value, entries } = outcome;
        const documents = entries.map((draft, index) =>
          sealEntry(draft, { id: tx.entryId(index), time: tx.time, installation }),
        );
        await database.ledger.insertMany(documents, { session }).catch((error: unknown) => {
          throw asLedgerError(error);
        });
        if (end === 'abort') await abort();
        else written = tx;
        return value;
      });
      committed = written;
      return result;
    } catch (error) {
      throw asControlError(error);
    }
  };
}
