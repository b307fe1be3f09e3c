import { OperatorError } from '../../tools/process/operator-error.ts';

/** Numbers in [0, 1) that depend only on the seed: mulberry32 (Tommy Ettinger, 2017), with 32 bits of state. */
export function numbersFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The same items in an order that depends only on the seed. */
export function shuffled<T>(items: readonly T[], seed: number): T[] {
  const next = numbersFrom(seed);
  return items
    .map((item) => ({ item, at: next() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

/**
 * The seed of a run: the value of `TENURE_FAULT_SEED`, or a different one each time.
 * @throws OperatorError if the variable is not a valid seed
 */
export function readSeed(environment: NodeJS.ProcessEnv): number {
  const given = environment['TENURE_FAULT_SEED'];
  if (given === undefined) return Math.floor(Math.random() * 2 ** 32);
  const seed = Number(given);
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32)
    throw new OperatorError(
      `TENURE_FAULT_SEED is ${given}; set it to a whole number below 2^32, as an earlier run printed it`,
    );
  return seed;
}
