/**
 * The result of `work`, or the error from `timeoutError` after the timeout. The work itself is not stopped, so its
 * outcome is then unknown to the caller.
 */
export async function withinMs<T>(timeoutMs: number, work: Promise<T>, timeoutError: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(timeoutError()), timeoutMs);
  });
  try {
    // Promise.race also handles the loser, so a late failure does not become an unhandled rejection.
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
