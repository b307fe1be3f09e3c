import { createQuota } from './quota.ts';
import type { GiveBack } from './quota.ts';

/**
 * Admits as many requests as there is room for: in order of arrival per caller, and first the caller that holds least.
 */
export interface Turns {
  /**
   * Resolves when it is this request's turn, or when it is gone. An amount larger than a share counts as the whole
   * share.
   */
  next(caller: string, amount?: number, gone?: AbortSignal): Promise<GiveBack>;
}

interface Waiting {
  readonly amount: number;
  readonly gone: AbortSignal | undefined;
  readonly letIn: (giveBack: GiveBack) => void;
}

interface Line {
  readonly waiting: Waiting[];
  held: number;
  /** Number of the last turn: the lower, the longer ago. */
  served: number;
}

export function createTurns({
  perCaller,
  total = Infinity,
}: {
  readonly perCaller: number;
  readonly total?: number;
}): Turns {
  const room = createQuota({ perCaller, total });
  const lines = new Map<string, Line>();
  let turn = 0;

  function letIn(caller: string, line: Line, { amount, letIn: enter }: Waiting): boolean {
    const giveBack = room.take(caller, amount);
    if (giveBack === undefined) return false;
    line.held += amount;
    line.served = turn += 1;
    let isOver = false;
    enter(() => {
      if (isOver) return;
      isOver = true;
      giveBack();
      line.held -= amount;
      admit();
    });
    return true;
  }

  function admit(): void {
    for (let isAny = true; isAny;) {
      isAny = false;
      const byNeed = [...lines]
        .filter(([, { waiting }]) => waiting.length > 0)
        .toSorted(([, a], [, b]) => a.held - b.held || a.served - b.served);
      for (const [caller, line] of byNeed) {
        while (line.waiting[0]?.gone?.aborted === true) line.waiting.shift()?.letIn(() => undefined);
        const [first] = line.waiting;
        if (first === undefined || !letIn(caller, line, first)) continue;
        line.waiting.shift();
        isAny = true;
        break;
      }
    }
    for (const [caller, { held, waiting }] of lines) if (held <= 0 && waiting.length === 0) lines.delete(caller);
  }

  return {
    next(caller, amount = 1, gone) {
      const line = lines.get(caller) ?? { waiting: [], held: 0, served: 0 };
      lines.set(caller, line);
      return new Promise((enter) => {
        line.waiting.push({ amount: Math.min(amount, perCaller, total), gone, letIn: enter });
        admit();
      });
    },
  };
}
