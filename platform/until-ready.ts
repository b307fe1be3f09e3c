import { setTimeout as delay } from 'node:timers/promises';
import { errorFields } from './logging.ts';
import type { Logger } from './logging.ts';

const everyMs = 250;
const tellEveryMs = 5_000;

/** Waits for a dependency for as long as it takes, and says every five seconds what it waits for. */
export async function untilReady(name: string, logger: Logger, attempt: () => Promise<void>): Promise<void> {
  let toldAt = Date.now();
  for (;;) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (Date.now() - toldAt >= tellEveryMs) {
        toldAt = Date.now();
        logger.warn(`waiting for ${name}`, errorFields(error));
      }
      await delay(everyMs);
    }
  }
}
