import { createQuota } from './quota.ts';
import type { GiveBack } from './quota.ts';

/** Lets in as many as there is room for, in the order in which they came; who has its share already waits and keeps nobody else waiting. */
export interface Turns {
  /** Resolves when it is this one's turn. What is larger than a share counts as all of it. */
  next(caller: string, amount?: number): Promise<GiveBack>;
}

interface Waiting {
  readonly caller: string;
  readonly amount: number;
  readonly letIn: (giveBack: GiveBack) => void;
}

export function createTurns({ perCaller, total = Infinity }: { readonly perCaller: number; readonly total?: number }): Turns {
  const room = createQuota({ perCaller, total });
  let queue: readonly Waiting[] = [];

  function admit(): void {
    if (queue.length === 0) return;
    const waiting = queue;
    queue = [];
    const left: Waiting[] = [];
    for (const one of waiting) {
      const giveBack = room.take(one.caller, one.amount);
      if (giveBack === undefined) left.push(one);
      else one.letIn(releasing(giveBack));
    }
    queue = [...left, ...queue];
  }

  const releasing = (giveBack: GiveBack): GiveBack => () => {
    giveBack();
    admit();
  };

  return {
    next(caller, amount = 1) {
      const asked = Math.min(amount, perCaller, total);
      // Nobody overtakes who waits for the same.
      const giveBack = queue.some((one) => one.caller === caller) ? undefined : room.take(caller, asked);
      if (giveBack !== undefined) return Promise.resolve(releasing(giveBack));
      return new Promise((letIn) => {
        queue = [...queue, { caller, amount: asked, letIn }];
      });
    },
  };
}
