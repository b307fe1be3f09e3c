import type { Commit } from './commit.ts';
import type { LedgerDraft } from './ledger.ts';

/** Writes refusals to the ledger. */
export interface Refusals {
  /**
   * Records a refusal: the first of its kind at once, repetitions as a number. The number is written whenever it has
   * grown tenfold and at the end of the window, so a killed process loses less than nine tenths of the count.
   * @throws TenureError control_unavailable, when an entry could not be written
   */
  record(refusal: LedgerDraft): Promise<void>;
  /** Writes everything that was only counted so far. */
  flush(): Promise<void>;
}

/** How long repetitions are counted before the number is written. */
const windowMs = 60_000;
/**
 * This many different refusals of one caller are recorded one by one within a window; further ones are counted by
 * action.
 */
const maxRecordedSeparately = 50;
/** The number of callers counted at the same time; beyond it the oldest window is closed. */
const maxCallers = 10_000;

interface Counted {
  /** The last refusal. */
  refusal: LedgerDraft;
  count: number;
  /** How many of them are in the ledger. */
  inLedger: number;
}

interface Window {
  readonly since: number;
  readonly counted: Map<string, Counted>;
}

export interface RefusalsDependencies {
  readonly commit: Commit;
  readonly now?: () => number;
}

export function createRefusals({ commit, now = Date.now }: RefusalsDependencies): Refusals {
  const windows = new Map<string, Window>();

  const write = (entry: LedgerDraft): Promise<void> => commit(async () => ({ result: undefined, entries: [entry] }));

  async function writeCount(counted: Counted, since: number): Promise<void> {
    const { refusal, count, inLedger } = counted;
    if (count === inLedger) return;
    counted.inLedger = count;
    try {
      await write(count === 1 ? refusal : { ...refusal, repeated: { count, since: new Date(since).toISOString() } });
    } catch (error) {
      // What could not be written now is written with the next entry.
      counted.inLedger = Math.min(counted.inLedger, inLedger);
      throw error;
    }
  }

  async function close(caller: string, { since, counted }: Window): Promise<void> {
    windows.delete(caller);
    for (const counter of counted.values()) await writeCount(counter, since);
  }

  async function closeEnded(): Promise<void> {
    for (const [caller, window] of windows) {
      if (window.since + windowMs > now() && windows.size <= maxCallers) return;
      // What cannot be written now remains counted.
      await close(caller, window).catch(() => windows.set(caller, window));
    }
  }

  let closing: NodeJS.Timeout | undefined;
  function closeLater(): void {
    closing ??= setTimeout(() => {
      closing = undefined;
      void closeEnded().finally(() => {
        if (windows.size > 0) closeLater();
      });
    }, windowMs / 4).unref();
  }

  /** Refusals with the same key are repetitions of each other. */
  function counterOf({ counted }: Window, refusal: LedgerDraft): Counted {
    const { action, target, reason, tenant, actor } = refusal;
    // With other roles it is a different attempt.
    const ownKey = JSON.stringify([action, reason, target.kind, target.name, target.uid, tenant, actor.roles]);
    const known = counted.get(ownKey);
    if (known !== undefined) return known;
    const isOverLimit = counted.size >= maxRecordedSeparately;
    const key = isOverLimit ? JSON.stringify([action, reason, target.kind]) : ownKey;
    const found = counted.get(key);
    if (found !== undefined) return found;
    const counter = { refusal, count: 0, inLedger: 0 };
    counted.set(key, counter);
    return counter;
  }

  return {
    async record(refusal) {
      const caller = refusal.actor.subject;
      const open = windows.get(caller);
      const window =
        open !== undefined && open.since + windowMs > now()
          ? open
          : { since: now(), counted: new Map<string, Counted>() };
      if (window !== open) {
        if (open !== undefined) await close(caller, open);
        windows.set(caller, window);
        closeLater();
      }
      const counted = counterOf(window, refusal);
      counted.count += 1;
      // An attempt on many targets is not recorded as an entry of one of them.
      const about = ({ target, tenant }: LedgerDraft): string => JSON.stringify([target, tenant]);
      const isOfMany = counted.count > 1 && about(counted.refusal) !== about(refusal);
      const { tenant: _tenant, ...withoutTenant } = refusal;
      counted.refusal = isOfMany ? { ...withoutTenant, target: { kind: refusal.target.kind } } : refusal;
      if (counted.inLedger === 0 || counted.count >= counted.inLedger * 10) await writeCount(counted, window.since);
    },
    async flush() {
      for (const [caller, window] of [...windows]) await close(caller, window);
    },
  };
}
