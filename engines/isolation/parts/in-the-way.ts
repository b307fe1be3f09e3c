import { setTimeout as pause } from 'node:timers/promises';
import type { Home } from '../home.ts';
import { endSessions } from './end-activity.ts';
import { findUsers } from './tenant-users.ts';

/** A change that nothing blocks is done within this time. */
const graceMs = 500;

async function endSessionsUntil(home: Home, finished: AbortSignal): Promise<void> {
  for (;;) {
    await pause(graceMs, undefined, { signal: finished });
    for (const { user } of await findUsers(home)) await endSessions(home, { user, database: home.layout.database });
  }
}

/**
 * Makes a change that needs exclusive access to a collection. mongod lets such a change wait for transactions that have
 * used the collection, and later requests wait behind it. For an impatient home, this ends the tenant's sessions so
 * that the change can proceed.
 */
export async function withExclusiveAccess<T>(home: Home, change: () => Promise<T>): Promise<T> {
  if (home.impatient !== true) return change();
  const finished = new AbortController();
  // If the sessions cannot be ended, the change itself fails because it cannot proceed.
  const ending = endSessionsUntil(home, finished.signal).catch(() => undefined);
  try {
    return await change();
  } finally {
    finished.abort();
    await ending;
  }
}
