/**
 * `TENURE_BENCH_SCALE`: the share of rounds and sizes of a trial, above 0 and at most 1. Only the figures of a full run
 * are kept.
 */
export const scale = readScale(process.env['TENURE_BENCH_SCALE']);

function readScale(text: string | undefined): number {
  if (text === undefined || text === '') return 1;
  const value = Number(text);
  if (value > 0 && value <= 1) return value;
  throw new RangeError(`TENURE_BENCH_SCALE is "${text}"; set it to a share above 0 and at most 1, or leave it out`);
}

/** A number of rounds or things, scaled for this run. */
export function scaled(full: number, atLeast: number): number {
  return Math.max(atLeast, Math.round(full * scale));
}
