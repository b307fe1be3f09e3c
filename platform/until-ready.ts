import { setTimeout as delay } from 'node:timers/promises';
import { errorFields } from './logging.ts';
import type { Logger } from './logging.ts';

const everyMs = 250;
const logEveryMs = 5_000;

/** Retries `attempt` until it succeeds and returns its result. Logs every five seconds what it waits for. */
export async function untilReady<T>(name: string, logger: Logger, attempt: () => Promise<T>): Promise<T> {
  let loggedAt = performance.now();
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() - loggedAt >= logEveryMs) {
        loggedAt = performance.now();
        logger.warn(`waiting for ${name}`, errorFields(error));
      }
      await delay(everyMs);
    }
  }
}
