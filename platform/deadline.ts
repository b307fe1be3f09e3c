/**
 * The result of `work`, or the error of `late` once this much time has passed. The work itself is not stopped: its
 * outcome is then unknown to the caller, who must treat it so.
 */
export async function withinMs<T>(timeoutMs: number, work: Promise<T>, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(late()), timeoutMs);
  });
  try {
    // The race also handles what comes second, so that a late failure is no unhandled rejection.
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
