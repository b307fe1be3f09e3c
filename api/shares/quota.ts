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
      const current = held.get(caller) ?? 0;
      if (current + amount > perCaller || all + amount > total) return undefined;
      held.set(caller, current + amount);
      all += amount;
      let isReleased = false;
      return () => {
        if (isReleased) return;
        isReleased = true;
        all -= amount;
        const remaining = (held.get(caller) ?? 0) - amount;
        if (remaining > 0) held.set(caller, remaining);
        else held.delete(caller);
      };
    },
  };
}
