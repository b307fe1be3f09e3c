/**
 * Delay before attempt `attempt + 1`, in milliseconds: full jitter over an exponential ceiling ("Exponential Backoff And
 * Jitter", AWS Architecture Blog, 2015), never less than a tenth of the ceiling so that a retry is not a hot loop.
 * @param random uniform in [0, 1)
 */
export function retryDelayMs(attempt: number, random: number, { baseMs = 200, capMs = 15_000 } = {}): number {
  const ceilingMs = Math.min(capMs, baseMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(ceilingMs * (0.1 + 0.9 * random));
}
