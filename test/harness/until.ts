import { setTimeout as delay } from 'node:timers/promises';

const defaultPollMs = 25;

/**
 * Waits until `condition` returns something other than false, undefined or null, and returns it. Its errors are thrown
 * at once.
 */
export async function until<T>(
  what: string | (() => string),
  condition: () => Promise<T> | T,
  timeoutMs = 120_000,
  pollMs = defaultPollMs,
): Promise<NonNullable<T>> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const result = await condition();
    if (result !== false && result !== undefined && result !== null) return result;
    if (Date.now() > deadline)
      throw new Error(`timed out after ${timeoutMs} ms, waiting until ${typeof what === 'string' ? what : what()}`);
    await delay(pollMs);
  }
}
