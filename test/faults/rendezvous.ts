import type { Fault } from './faults.ts';
import type { RunningOperation } from './requests.ts';

/** A place where several parties wait for each other, once. */
export interface Rendezvous<T> {
  /**
   * Resolves when everyone who is still expected has come, or those who came have waited long enough, and `act` has
   * completed. False: that had already happened, without this one.
   */
  meet(who: T): Promise<boolean>;
  /** Tells the others not to wait for this one: it will not come, or has already passed this place. */
  leave(): void;
  /** Whether it has happened. */
  readonly isOver: boolean;
}

export interface RendezvousOptions<T> {
  readonly expected: number;
  /** How long the first one waits for the others. Default: without limit. */
  readonly patienceMs?: number;
  /** Called once, with everyone who came. If it fails, `meet` rejects for everyone who waits. */
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

/** A case whose operation waits at its failpoint. */
export interface Standing {
  readonly fault: Fault;
  /** Absent if it has not been accepted yet. */
  readonly operation?: RunningOperation;
  /** When it began to wait, by `performance.now()`. */
  readonly since: number;
  /** Called when the operation may have continued before the fault. */
  readonly tellMissed: () => void;
}

/** Where the cases of a round wait for each other. */
export interface Meeting {
  /** When their tenants are prepared, before any request. */
  readonly prepared: Rendezvous<void>;
  /** When their operations have been told to undo their steps, before they continue to their failpoints. */
  readonly turned: Rendezvous<void>;
  /** At the failpoints, where the fault hits them. */
  readonly standing: Rendezvous<Standing>;
}
