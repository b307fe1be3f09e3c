import { randomBytes } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { listOnCell, writeOnCell } from '../cell-commands.ts';
import { serverCodes } from '../cell-errors.ts';
import type { CellWork } from '../home.ts';
import { planeDatabase } from '../parts/plane-database.ts';
import { openProbeConnection } from './probe-connection.ts';
import type { ProbeConnection } from './probe-connection.ts';
import { leftBehind } from './canaries.ts';
import type { Leftovers } from './canaries.ts';

/** A user without any rights, to measure what mongod allows everybody. */
export interface Bystander extends Pick<ProbeConnection, 'ask'> {
  remove(): Promise<void>;
}

const prefix = 'tenure_bystander_';
const userNotFound: ReadonlySet<number> = new Set([serverCodes.userNotFound]);

async function remove(work: CellWork, user: string): Promise<void> {
  await writeOnCell(work, planeDatabase, { dropUser: user }, userNotFound);
}

export async function createBystander(work: CellWork, attempt: string): Promise<Bystander> {
  const [user, pwd] = [`${prefix}${attempt}`, randomBytes(24).toString('base64url')];
  await writeOnCell(work, planeDatabase, { createUser: user, pwd, roles: [], mechanisms: ['SCRAM-SHA-256'] });
  const connect = (): MongoClient =>
    new MongoClient(work.cell.endpoint, {
      auth: { username: user, password: pwd },
      authSource: planeDatabase,
      authMechanism: 'SCRAM-SHA-256',
      maxPoolSize: 1,
      serverSelectionTimeoutMS: 5_000,
    });
  const connection = openProbeConnection(work, connect, { loggedIn: true });
  return {
    ask: connection.ask,
    async remove() {
      await connection.close();
      await remove(work, user);
    },
  };
}

/** Removes what earlier attempts left behind. */
export async function removeBystanders(work: CellWork, leftovers: Leftovers): Promise<void> {
  const users = await listOnCell<{ user: string }>(work, 'admin', {
    find: 'system.users',
    filter: { db: planeDatabase, ...leftBehind('user', prefix, leftovers) },
    projection: { user: 1 },
  });
  for (const { user } of users) await remove(work, user);
}
