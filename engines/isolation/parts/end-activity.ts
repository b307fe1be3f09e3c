import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Binary } from 'mongodb';
import { TenureError } from '../../../domain/tenure-error.ts';
import { listOnCell, readOnCell } from '../cell-commands.ts';
import { serverCode, serverCodes } from '../cell-errors.ts';
import type { CellWork, Home } from '../home.ts';

/** What mongod still does or keeps for a user. */
interface Activity {
  readonly type: 'op' | 'idleSession' | 'idleCursor';
  /** Absent for an idle session or cursor. */
  readonly opid?: number | string;
}

/**
 * An operation ends at its next interruption point, which is near; one that has none within this time needs an
 * operator.
 */
const limitMs = 20_000;
const pauseMs = 5;

/** How mongod names the owner of a session: SHA-256 of "user@database". */
export function ownerOf(user: string, database: string): Binary {
  return new Binary(createHash('sha256').update(`${user}@${database}`).digest());
}

/** Idle transactions and cursors do not show their user, only the owner of their session. */
async function listActivity(home: Home, users: readonly string[]): Promise<Activity[]> {
  const { database } = home.layout;
  const ofUsers = users.flatMap((user) => [
    { effectiveUsers: { $elemMatch: { user, db: database } } },
    { 'lsid.uid': ownerOf(user, database) },
  ]);
  return listOnCell<Activity>(home, 'admin', {
    aggregate: 1,
    pipeline: [
      { $currentOp: { allUsers: true, idleSessions: true, idleCursors: true } },
      { $match: { $or: ofUsers } },
      { $project: { type: true, opid: true } },
    ],
    cursor: { batchSize: 10_000 },
  });
}

/**
 * Ends the user's sessions, with their transactions and cursors. It does not use `killAllSessionsByPattern` with
 * `users`, which ends the sessions of everybody.
 */
export async function endSessions(
  home: CellWork,
  { user, database }: { readonly user: string; readonly database: string },
): Promise<void> {
  try {
    await readOnCell(home, 'admin', { killAllSessions: [{ user, db: database }] });
  } catch (error) {
    if (serverCode(error) !== serverCodes.userNotFound) throw error;
    // A removed user can commit nothing, but its transactions hold locks until they expire.
    await readOnCell(home, 'admin', { killAllSessionsByPattern: [{ uid: ownerOf(user, database) }] });
  }
}

/**
 * Ends everything that these users of the tenant started before they lost their rights: sessions with their
 * transactions and cursors, and operations, also without a session. Resolves with the number of ended operations once
 * mongod shows none of it. mongod itself refuses what they ask for after that.
 * @throws TenureError cell_unavailable if something does not end
 */
export async function endActivity(home: Home, users: readonly string[]): Promise<number> {
  const deadline = performance.now() + limitMs;
  let startedBefore: ReadonlySet<unknown> | undefined;
  for (;;) {
    for (const user of users) await endSessions(home, { user, database: home.layout.database });
    const activity = await listActivity(home, users);
    const operations = activity.filter(({ type }) => type === 'op');
    // A client continues to send requests. What was not there at the first look started later, and without any rights.
    startedBefore ??= new Set(operations.map(({ opid }) => opid));
    const remaining = operations.filter(({ opid }) => startedBefore?.has(opid));
    if (remaining.length === 0 && activity.length === operations.length) return startedBefore.size;
    if (performance.now() > deadline) {
      throw new TenureError(
        'cell_unavailable',
        `${activity.length} operations, transactions or cursors of tenant ${home.uid} on cell "${home.cell.name}" did not end within ${limitMs / 1000} s`,
      );
    }
    for (const { opid } of remaining) await readOnCell(home, 'admin', { killOp: 1, op: opid });
    await pause(pauseMs);
  }
}
