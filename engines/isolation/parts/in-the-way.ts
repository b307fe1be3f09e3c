import { setTimeout as pause } from 'node:timers/promises';
import type { Home } from '../home.ts';
import { endSessions } from './end-activity.ts';
import { findUsers } from './tenant-users.ts';

/** A change that nobody is in the way of is done by then. */
const graceMs = 500;

async function endSessionsUntil(home: Home, over: AbortSignal): Promise<void> {
  for (;;) {
    await pause(graceMs, undefined, { signal: over });
    for (const { user } of await findUsers(home)) await endSessions(home, { user, database: home.layout.database });
  }
}

/**
 * Makes a change that needs a collection for itself. mongod keeps such a change waiting for transactions that have used the collection,
 * and whoever comes later waits behind it; so a change of an impatient home has its turn when the tenant's sessions of before are ended.
 */
export async function withNobodyInTheWay<T>(home: Home, change: () => Promise<T>): Promise<T> {
  if (home.impatient !== true) return change();
  const over = new AbortController();
  // That it cannot end them, the change tells by not getting its turn.
  const ending = endSessionsUntil(home, over.signal).catch(() => undefined);
  try {
    return await change();
  } finally {
    over.abort();
    await ending;
  }
}
