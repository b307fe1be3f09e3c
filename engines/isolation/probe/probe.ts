import { MongoClient } from 'mongodb';
import { TenureError } from '../../../domain/tenure-error.ts';
import { readOnCell } from '../cell-commands.ts';
import { serverCode, serverCodes } from '../cell-errors.ts';
import type { Home } from '../home.ts';
import type { HomeStep } from '../home-step.ts';
import { requireClaim } from '../parts/claim.ts';
import { differenceOf, privilegesOf } from '../parts/privileges.ts';
import type { Privilege } from '../parts/privileges.ts';
import { beyondBoundary, withinBoundary } from './boundary-attempts.ts';
import type { BoundaryAttempt } from './boundary-attempts.ts';
import { attemptsOn, findNeighbours } from './neighbours.ts';

/** Bounds only the closing of the connection; the lease bounds the rest, and is shorter or renewed. */
const timeouts = { serverSelectionTimeoutMS: 5_000, connectTimeoutMS: 5_000, socketTimeoutMS: 5_000 };

function failed(home: Home, what: string, cause?: unknown): TenureError {
  return new TenureError('isolation_probe_failed', `tenant ${home.uid} on cell "${home.cell.name}": ${what}`, {
    cause,
  });
}

/** Whether mongod allows the tenant to do it. Throws without a clear answer. */
async function isAllowed(asTenant: Home, { database, command, stoppedBy }: BoundaryAttempt): Promise<boolean> {
  try {
    await readOnCell(asTenant, database, command);
    return true;
  } catch (error) {
    const code = serverCode(error);
    if (code === serverCodes.unauthorized) return false;
    if (code !== undefined && code === stoppedBy) return true;
    throw error;
  }
}

async function probe(home: Home, asTenant: Home): Promise<string> {
  // First ask mongod for the rights, so that nothing is attempted with unknown rights.
  const status = await readOnCell(asTenant, home.layout.database, { connectionStatus: 1, showPrivileges: true });
  const { authenticatedUserPrivileges } = status['authInfo'] as { authenticatedUserPrivileges: Privilege[] };
  const difference = differenceOf(authenticatedUserPrivileges, privilegesOf(home, 'read-write'));
  if (difference !== undefined) throw failed(home, difference);
  for (const attempt of withinBoundary(home)) {
    if (!(await isAllowed(asTenant, attempt))) throw failed(home, `mongod did not allow it to ${attempt.what}`);
  }
  const attempts = [
    ...beyondBoundary(home),
    ...(await findNeighbours(home)).flatMap((neighbour) => attemptsOn(home, neighbour)),
  ];
  for (const attempt of attempts) {
    if (await isAllowed(asTenant, attempt)) throw failed(home, `mongod allowed it to ${attempt.what}`);
  }
  return `${attempts.length} attempts beyond the boundary refused by mongod`;
}

/** Tests the boundary with the tenant's own credential: what it must, and what it must not, be able to do. */
export function probeIsolation(password: (uid: string) => Promise<string>): HomeStep {
  return {
    observe: async () => 'absent',
    /** @throws TenureError also isolation_probe_failed */
    async ensure(home) {
      const auth = { username: home.layout.user, password: await password(home.uid) };
      await requireClaim(home);
      const client = new MongoClient(home.cell.endpoint, {
        auth,
        authSource: home.layout.database,
        authMechanism: 'SCRAM-SHA-256',
        maxPoolSize: 1,
        ...timeouts,
      });
      try {
        return await probe(home, { ...home, cell: { ...home.cell, client } });
      } catch (error) {
        if (serverCode(error) === serverCodes.authenticationFailed)
          throw failed(home, 'it cannot log in to its database with its credential', error);
        throw error;
      } finally {
        // Do not wait: the cell may have stopped answering.
        client.close().catch(() => undefined);
      }
    },
    undo: async () => 'a probe has nothing to undo',
  };
}
