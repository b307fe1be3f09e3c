/**
 * `TENURE_BENCH_SCALE`: the share of rounds and sizes that a trial runs with, above 0 to 1. Figures that are kept come from
 * a full run.
 */
export const scale = readScale(process.env['TENURE_BENCH_SCALE']);

function readScale(text: string | undefined): number {
  if (text === undefined || text === '') return 1;
  const value = Number(text);
  if (value > 0 && value <= 1) return value;
  throw new RangeError(`TENURE_BENCH_SCALE is "${text}"; give a share above 0, to 1, or leave it out`);
}

/** A number of rounds or things as this run has it. */
export function scaled(full: number, atLeast: number): number {
  return Math.max(atLeast, Math.round(full * scale));
}
