/**
 * Calls `condition` repeatedly until it returns something other than `undefined`.
 * Throws the error from `onTimeout` after `timeoutMs`. An error of `condition` ends the wait immediately.
 */
export async function pollUntil<T>(
  condition: () => Promise<T | undefined> | T | undefined,
  options: { timeoutMs: number; intervalMs: number; onTimeout: () => Error },
): Promise<T> {
  const deadline = performance.now() + options.timeoutMs;
  for (;;) {
    const result = await condition();
    if (result !== undefined) return result;
    if (performance.now() > deadline) throw options.onTimeout();
    await new Promise((resolve) => setTimeout(resolve, options.intervalMs));
  }
}
