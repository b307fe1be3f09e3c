import { createQuota } from './quota.ts';
import type { GiveBack } from './quota.ts';

/**
 * Admits as many requests as there is room for: in order of arrival per caller, and first the caller that holds least.
 */
export interface FairQueue {
  /**
   * Resolves when it is this request's turn, or when it is gone. An amount larger than a share counts as the whole
   * share.
   */
  next(caller: string, amount?: number, gone?: AbortSignal): Promise<GiveBack>;
}

interface Waiting {
  readonly amount: number;
  readonly gone: AbortSignal | undefined;
  readonly start: (giveBack: GiveBack) => void;
}

interface Queue {
  readonly waiting: Waiting[];
  held: number;
  /** Number of the last turn: the lower, the longer ago. */
  served: number;
}

export function createFairQueue({
  perCaller,
  total = Infinity,
}: {
  readonly perCaller: number;
  readonly total?: number;
}): FairQueue {
  const quota = createQuota({ perCaller, total });
  const queues = new Map<string, Queue>();
  let turn = 0;

  function start(caller: string, queue: Queue, { amount, start: enter }: Waiting): boolean {
    const giveBack = quota.take(caller, amount);
    if (giveBack === undefined) return false;
    queue.held += amount;
    queue.served = turn += 1;
    let isReleased = false;
    enter(() => {
      if (isReleased) return;
      isReleased = true;
      giveBack();
      queue.held -= amount;
      admit();
    });
    return true;
  }

  function admit(): void {
    for (let hasStarted = true; hasStarted;) {
      hasStarted = false;
      const byNeed = [...queues]
        .filter(([, { waiting }]) => waiting.length > 0)
        .toSorted(([, a], [, b]) => a.held - b.held || a.served - b.served);
      for (const [caller, queue] of byNeed) {
        while (queue.waiting[0]?.gone?.aborted === true) queue.waiting.shift()?.start(() => undefined);
        const [first] = queue.waiting;
        if (first === undefined || !start(caller, queue, first)) continue;
        queue.waiting.shift();
        hasStarted = true;
        break;
      }
    }
    for (const [caller, { held, waiting }] of queues) if (held <= 0 && waiting.length === 0) queues.delete(caller);
  }

  return {
    next(caller, amount = 1, gone) {
      const queue = queues.get(caller) ?? { waiting: [], held: 0, served: 0 };
      queues.set(caller, queue);
      return new Promise((enter) => {
        queue.waiting.push({ amount: Math.min(amount, perCaller, total), gone, start: enter });
        admit();
      });
    },
  };
}
