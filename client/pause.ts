import { setTimeout as delay } from 'node:timers/promises';

/** Waits. @throws the reason of the signal if it aborts, like fetch */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await delay(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  signal?.throwIfAborted();
}
