import type { Commit } from './commit.ts';
import type { LedgerDraft } from './ledger.ts';

/** Refusals, as the ledger is told of them. */
export interface Refusals {
  /**
   * Tells of a refusal: the first of its kind at once, those that repeat it as a number. The number is told whenever it has grown tenfold, and
   * at the end of the window, so that a process that is killed loses no more than it has told of.
   * @throws TenureError control_unavailable, where an entry could not be written
   */
  record(refusal: LedgerDraft): Promise<void>;
  /** Tells of everything that was only counted. */
  flush(): Promise<void>;
}

/** So long repetitions are counted before they are told. */
const windowMs = 60_000;
/** So many different refusals of one caller are told one by one within a window; of any further ones how many there were of each action. */
const toldOneByOne = 50;
/** Callers that are counted at one time; the one that began longest ago makes room. */
const maxCallers = 10_000;

interface Counted {
  /** The last one. */
  refusal: LedgerDraft;
  count: number;
  told: number;
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

  async function tell(counted: Counted, since: number): Promise<void> {
    const { refusal, count, told } = counted;
    if (count === told) return;
    counted.told = count;
    try {
      await write(count === 1 ? refusal : { ...refusal, repeated: { count, since: new Date(since).toISOString() } });
    } catch (error) {
      // What could not be told is told by the next.
      counted.told = Math.min(counted.told, told);
      throw error;
    }
  }

  async function close(caller: string, { since, counted }: Window): Promise<void> {
    windows.delete(caller);
    for (const one of counted.values()) await tell(one, since);
  }

  async function closeEnded(): Promise<void> {
    for (const [caller, window] of windows) {
      if (window.since + windowMs > now() && windows.size <= maxCallers) return;
      // What cannot be written now stays counted.
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

  /** Those of one key repeat each other. */
  function counterOf({ counted }: Window, refusal: LedgerDraft): Counted {
    const { action, target, reason, tenant, actor } = refusal;
    // With other roles it is another attempt.
    const own = JSON.stringify([action, reason, target.kind, target.name, target.uid, tenant, actor.roles]);
    const known = counted.get(own);
    if (known !== undefined) return known;
    const isFurther = counted.size >= toldOneByOne;
    const key = isFurther ? JSON.stringify([action, reason, target.kind]) : own;
    const found = counted.get(key);
    if (found !== undefined) return found;
    const begun = { refusal, count: 0, told: 0 };
    counted.set(key, begun);
    return begun;
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
      // What was tried on many is no entry of one of them.
      const about = ({ target, tenant }: LedgerDraft): string => JSON.stringify([target, tenant]);
      const isOfMany = counted.count > 1 && about(counted.refusal) !== about(refusal);
      const { tenant: _tenant, ...ofNobody } = refusal;
      counted.refusal = isOfMany ? { ...ofNobody, target: { kind: refusal.target.kind } } : refusal;
      if (counted.told === 0 || counted.count >= counted.told * 10) await tell(counted, window.since);
    },
    async flush() {
      for (const [caller, window] of [...windows]) await close(caller, window);
    },
  };
}
