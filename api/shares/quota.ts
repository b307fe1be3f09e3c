/** Gives back what was taken; any further call does nothing. */
export type GiveBack = () => void;

/** How much of something callers may hold at one time, each of them and all together. */
export interface Quota {
  /** Takes so much for this caller, or nothing where that would be too much: then it is undefined. */
  take(caller: string, amount?: number): GiveBack | undefined;
}

export function createQuota({
  perCaller,
  total = Infinity,
}: {
  readonly perCaller: number;
  readonly total?: number;
}): Quota {
  const held = new Map<string, number>();
  let all = 0;
  return {
    take(caller, amount = 1) {
      const own = held.get(caller) ?? 0;
      if (own + amount > perCaller || all + amount > total) return undefined;
      held.set(caller, own + amount);
      all += amount;
      let isGiven = false;
      return () => {
        if (isGiven) return;
        isGiven = true;
        all -= amount;
        const left = (held.get(caller) ?? 0) - amount;
        if (left > 0) held.set(caller, left);
        else held.delete(caller);
      };
    },
  };
}
