import type { Fault } from './faults.ts';
import type { RunningOperation } from './requests.ts';

/** A place where several wait for each other, once. */
export interface Rendezvous<T> {
  /**
   * Resolves when everybody who is still expected is there, or those who are have waited long enough, and what is then
   * done is done. False: that was so already, and happened without this one.
   */
  meet(who: T): Promise<boolean>;
  /** Does not come any more, or is through already. */
  leave(): void;
  /** Whether it has happened. */
  readonly isOver: boolean;
}

export interface RendezvousOptions<T> {
  readonly expected: number;
  /** How long the first one waits for the others; without it, for as long as it takes. */
  readonly patienceMs?: number;
  /** Done once, with all who came; where it throws, everybody who waits is told. */
  readonly act?: (all: readonly T[]) => Promise<void>;
}

export function createRendezvous<T>({
  expected,
  patienceMs,
  act = async () => undefined,
}: RendezvousOptions<T>): Rendezvous<T> {
  const there: T[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = promise.then(() => act(there));
  done.catch(() => undefined);
  let missing = expected;
  let isOver = false;
  let patience: NodeJS.Timeout | undefined;
  const happen = (): void => {
    isOver = true;
    clearTimeout(patience);
    resolve();
  };
  const oneFewer = (): void => {
    missing -= 1;
    if (missing === 0 && !isOver) happen();
  };
  return {
    async meet(who) {
      if (isOver) return false;
      there.push(who);
      if (patienceMs !== undefined) patience ??= setTimeout(happen, patienceMs);
      oneFewer();
      await done;
      return true;
    },
    leave: oneFewer,
    get isOver() {
      return isOver;
    },
  };
}

/** A case whose operation stands at its failpoint. */
export interface Standing {
  readonly fault: Fault;
  /** Absent while it has not been accepted. */
  readonly operation?: RunningOperation;
  /** On the clock of `performance.now()`. */
  readonly since: number;
  /** Called when it has stood too long. */
  readonly tellMissed: () => void;
}

/** Where the cases of a round wait for each other. */
export interface Meeting {
  /** With their tenants, before anything is asked for. */
  readonly prepared: Rendezvous<void>;
  /** When they are being turned round, before they go on to their failpoints. */
  readonly turned: Rendezvous<void>;
  /** At the failpoint where the fault strikes. */
  readonly standing: Rendezvous<Standing>;
}
