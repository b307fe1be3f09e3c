import type { OperationDocument } from '../store/documents.ts';
import type { OperationStore } from '../store/operations.ts';
import type { Quota } from './shares/quota.ts';
import { takeShare } from './shares/shares.ts';

/** Waits for operations to end: one query for everybody who waits, however many there are. */
export interface OperationWatch {
  /**
   * The operation as it ended, or `undefined` after the time given or when the process stops.
   * @throws TenureError too_many_requests
   */
  ended(id: string, timeoutMs: number, caller: string): Promise<OperationDocument | undefined>;
}

/** The more are asked about, the longer. */
const lookEveryMs = 20;

export interface OperationWatchDependencies {
  readonly operations: Pick<OperationStore, 'finished'>;
  readonly stopping: AbortSignal;
  readonly waits: Quota;
}

export function createOperationWatch({ operations, stopping, waits }: OperationWatchDependencies): OperationWatch {
  const waiting = new Map<string, Set<(ended: OperationDocument | undefined) => void>>();
  let looking: NodeJS.Timeout | undefined;

  function release(id: string, ended: OperationDocument | undefined): void {
    for (const tell of waiting.get(id) ?? []) tell(ended);
    waiting.delete(id);
  }

  async function look(): Promise<void> {
    // A control database that is away is looked for again; whoever waits does so until the time is up.
    const ended = await operations.finished([...waiting.keys()]).catch(() => []);
    for (const operation of ended) release(operation._id, operation);
    looking = undefined;
    arm();
  }

  function arm(): void {
    if (looking === undefined && waiting.size > 0) looking = setTimeout(() => void look(), lookEveryMs + waiting.size / 10);
  }

  stopping.addEventListener('abort', () => {
    for (const id of waiting.keys()) release(id, undefined);
  });

  return {
    async ended(id, timeoutMs, caller) {
      if (stopping.aborted || timeoutMs <= 0) return undefined;
      const giveBack = takeShare(waits, caller, 'waits');
      return new Promise((resolve) => {
        const tellers = waiting.get(id) ?? new Set();
        const tell = (operation: OperationDocument | undefined): void => {
          clearTimeout(timer);
          giveBack();
          resolve(operation);
        };
        const timer = setTimeout(() => {
          tellers.delete(tell);
          if (tellers.size === 0) waiting.delete(id);
          giveBack();
          resolve(undefined);
        }, timeoutMs);
        waiting.set(id, tellers.add(tell));
        arm();
      });
    },
  };
}
