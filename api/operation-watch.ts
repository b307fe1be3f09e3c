import { setTimeout as delay } from 'node:timers/promises';
import type { OperationDocument } from '../store/documents.ts';
import type { FollowEndedOperations } from '../store/ended-operations.ts';
import type { OperationStore } from '../store/operations.ts';
import type { Quota } from './shares/quota.ts';
import { takeShare } from './shares/shares.ts';

/** Waits for operations to end. All waiting requests share one feed. */
export interface OperationWatch {
  /**
   * The ended operation, or `undefined` after the timeout or when the process stops.
   * @throws TenureError too_many_requests
   */
  ended(id: string, timeoutMs: number, caller: string): Promise<OperationDocument | undefined>;
}

/** Awaited operations are also read this often, so that a wait does not depend on the feed alone. */
const readAllEveryMs = 1_000;
/** How long to collect new waits before they are read in one query. */
const readTogetherMs = 5;
/** How long an unused feed is kept open for the next wait. */
const idleTimeoutMs = 10_000;

export interface OperationWatchDependencies {
  readonly operations: Pick<OperationStore, 'finished'>;
  readonly followEnded: FollowEndedOperations;
  readonly stopping: AbortSignal;
  readonly waits: Quota;
}

export function createOperationWatch({
  operations,
  followEnded,
  stopping,
  waits,
}: OperationWatchDependencies): OperationWatch {
  const waiting = new Map<string, Set<(ended: OperationDocument | undefined) => void>>();
  const newWaits = new Set<string>();
  let isFollowing = false;
  let neededAt = 0;

  function release(id: string, ended: OperationDocument | undefined): void {
    for (const notify of waiting.get(id) ?? []) notify(ended);
    waiting.delete(id);
  }

  async function read(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    for (const operation of await operations.finished(ids)) release(operation._id, operation);
  }

  /**
   * An operation may have ended before the wait began, and its event may already be past. Waits that begin together
   * share a query.
   */
  function readSoon(id: string): void {
    if (newWaits.size === 0) {
      setTimeout(() => {
        const ids = [...newWaits];
        newWaits.clear();
        void read(ids).catch(() => undefined);
      }, readTogetherMs);
    }
    newWaits.add(id);
  }

  async function followOnce(): Promise<void> {
    const feed = await followEnded();
    try {
      let readAllAt = -Infinity;
      for (;;) {
        const now = performance.now();
        if (waiting.size > 0) neededAt = now;
        if (stopping.aborted || now - neededAt > idleTimeoutMs) return;
        if (now - readAllAt > readAllEveryMs) {
          readAllAt = now;
          await read([...waiting.keys()]);
        }
        const id = await feed.next();
        if (id !== undefined && waiting.has(id)) await read([id]);
      }
    } finally {
      await feed.close().catch(() => undefined);
    }
  }

  async function follow(): Promise<void> {
    if (isFollowing) return;
    isFollowing = true;
    // Retries while the control database is unavailable; each wait ends at its timeout.
    while (waiting.size > 0 && !stopping.aborted) await followOnce().catch(() => delay(readAllEveryMs));
    isFollowing = false;
  }

  stopping.addEventListener('abort', () => {
    for (const id of waiting.keys()) release(id, undefined);
  });

  return {
    async ended(id, timeoutMs, caller) {
      if (stopping.aborted || timeoutMs <= 0) return undefined;
      const giveBack = takeShare(waits, caller, 'waits');
      return new Promise((resolve) => {
        const callbacks = waiting.get(id) ?? new Set();
        const notify = (operation: OperationDocument | undefined): void => {
          clearTimeout(timer);
          giveBack();
          resolve(operation);
        };
        const timer = setTimeout(() => {
          callbacks.delete(notify);
          if (callbacks.size === 0) waiting.delete(id);
          giveBack();
          resolve(undefined);
        }, timeoutMs);
        waiting.set(id, callbacks.add(notify));
        void follow();
        readSoon(id);
      });
    },
  };
}
