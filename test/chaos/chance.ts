import { numbersFrom } from '../faults/seeded.ts';

/** Random choices that depend only on a seed. */
export interface Chance {
  /** A number in [0, below). */
  number(below: number): number;
  whole(below: number): number;
  /** True in this share of cases. */
  happens(share: number): boolean;
  /** @throws TypeError when there is nothing to choose from */
  one<T>(of: readonly T[]): T;
  /** One of these; a larger weight is chosen more often. */
  weighted<T>(of: readonly (readonly [weight: number, T])[]): T;
}

export function createChance(seed: number): Chance {
  const next = numbersFrom(seed);
  const chance: Chance = {
    number: (below) => next() * below,
    whole: (below) => Math.floor(next() * below),
    happens: (share) => next() < share,
    one: (of) => chance.weighted(of.map((item) => [1, item] as const)),
    weighted(of) {
      let left = next() * of.reduce((sum, [weight]) => sum + weight, 0);
      for (const [weight, item] of of) {
        left -= weight;
        if (left < 0) return item;
      }
      const last = of.at(-1);
      if (last === undefined) throw new TypeError('there is nothing to choose from');
      return last[1];
    },
  };
  return chance;
}
