/** Releases the taken share. Further calls do nothing. */
export type GiveBack = () => void;

/** Limits how much callers may hold at one time, each caller and all together. */
export interface Quota {
  /** Takes this amount for the caller. Returns undefined, and takes nothing, if that would exceed a limit. */
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
