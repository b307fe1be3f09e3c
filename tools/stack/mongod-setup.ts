import { MongoClient, MongoNetworkError, MongoServerError } from 'mongodb';
import type { Db, Document } from 'mongodb';

import { addedToCollections, changedCollections } from '../../store/control-collections.ts';
import { OperatorError } from '../process/operator-error.ts';
import { pollUntil } from '../process/poll-until.ts';
import type { MongodPasswords } from './secrets.ts';

/** The control database, and that of the secrets. */
export type ControlDatabases = readonly [control: string, secrets: string];

/** The roles of the control plane's user: on a cell, on the control deployment, or root. */
export type PlaneRoles =
  | { readonly kind: 'cell' }
  | { readonly kind: 'control'; readonly databases: ControlDatabases }
  | { readonly kind: 'root' };

export interface MongodSetup {
  readonly replicaSet: string;
  readonly port: number;
  /** The address of the member in the set, if it differs from the address used for the setup. */
  readonly memberHost?: string;
  readonly passwords: MongodPasswords;
  readonly planeRoles: PlaneRoles;
  /** Turns a problem of this mongod into an error for the operator. */
  readonly failure: (problem: string) => OperatorError;
}

export const adminUser = 'tenure_admin';
export const planeUser = 'tenure_plane';

const UNAUTHORIZED = 13;
const AUTHENTICATION_FAILED = 18;
const ALREADY_INITIALIZED = 23;
const NOT_IN_CONFIGURATION = 93;
const PRIMARY_TIMEOUT_MS = 30_000;
const MAX_ATTEMPTS = 5;

/**
 * Makes a running mongod a writable primary with its two users. It can run on every start, also after an interrupted
 * one. Starts over if a connection is lost, because a node closes its connections when its state or its place in the
 * set changes; a node that has ended refuses the next connection. Throws {@link OperatorError} if the node does not
 * become primary in time, or if its data was created with other passwords.
 */
export async function setUpReplicaSet(setup: MongodSetup): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await setUpOnce(setup);
      return;
    } catch (error) {
      if (!(error instanceof MongoNetworkError) || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

async function setUpOnce(setup: MongodSetup): Promise<void> {
  const anonymous = await connect(setup.port);
  try {
    const admin = anonymous.db('admin');
    await waitForPrimary(admin, setup);
    await createAdminIfNew(admin, setup);
  } finally {
    await anonymous.close();
  }
  await asAdmin(setup, async (admin) => await grantPlane(admin, setup));
}

/**
 * Initiates a new set, or moves a set that was created on another port: its configuration contains the port of the last
 * start, and a node that does not find itself in it serves no requests. In both cases the node reports that it is in no
 * set.
 */
async function waitForPrimary(admin: Db, setup: MongodSetup): Promise<void> {
  let initiated = false;
  await pollUntil(
    async () => {
      const hello = await admin.command({ hello: 1 });
      if (hello['isWritablePrimary'] === true) return true;
      if (hello['isreplicaset'] === true) {
        if (initiated) await moveIfRemoved(setup);
        else initiated = await initiate(admin, setup);
      }
      return undefined;
    },
    {
      timeoutMs: PRIMARY_TIMEOUT_MS,
      intervalMs: 20,
      onTimeout: () => setup.failure(`was not primary after ${PRIMARY_TIMEOUT_MS / 1000} s`),
    },
  );
}

/** Needs no user on the first start. Later starts get an error: not authorized, or already initialized. */
async function initiate(admin: Db, setup: MongodSetup): Promise<true> {
  try {
    await admin.command({ replSetInitiate: { _id: setup.replicaSet, members: [{ _id: 0, host: memberHost(setup) }] } });
  } catch (error) {
    if (!hasCode(error, UNAUTHORIZED) && !hasCode(error, ALREADY_INITIALIZED)) throw error;
  }
  return true;
}

function memberHost(setup: MongodSetup): string {
  return setup.memberHost ?? `127.0.0.1:${setup.port}`;
}

async function moveIfRemoved(setup: MongodSetup): Promise<void> {
  await asAdmin(setup, async (admin) => {
    try {
      await admin.command({ replSetGetStatus: 1 });
    } catch (error) {
      if (!hasCode(error, NOT_IN_CONFIGURATION)) return;
      const { config } = await admin.command({ replSetGetConfig: 1 });
      config.members[0].host = memberHost(setup);
      await admin.command({ replSetReconfig: { ...config, version: config.version + 1 }, force: true });
    }
  });
}

/** Uses the localhost exception of mongod: while there are no users, a local client may create the first one. */
async function createAdminIfNew(admin: Db, setup: MongodSetup): Promise<void> {
  try {
    await admin.command({ createUser: adminUser, pwd: setup.passwords.admin, roles: ['root'] });
  } catch (error) {
    if (!hasCode(error, UNAUTHORIZED)) throw error;
  }
}

async function grantPlane(admin: Db, { planeRoles, passwords }: MongodSetup): Promise<void> {
  if (planeRoles.kind === 'cell') await defineCellRole(admin);
  if (planeRoles.kind === 'control') await defineControlRole(admin, controlRole, planeRoles.databases);
  const roles = rolesOf(planeRoles);
  const { users } = await admin.command({ usersInfo: planeUser });
  if (users.length === 0) {
    await admin.command({ createUser: planeUser, pwd: passwords.plane, roles });
  } else {
    await admin.command({ updateUser: planeUser, roles });
  }
}

const cellRole = 'tenurePlane';

/**
 * The privileges that a plane needs on a cell: data and indexes of every tenant, their users and roles, to list and
 * kill their sessions, and one change stream over the deployment. Not `root`: no shutdown, no reconfiguration, no
 * internal commands.
 */
async function defineCellRole(admin: Db): Promise<void> {
  const definition = {
    privileges: [
      { resource: { cluster: true }, actions: ['killop', 'killAnySession'] },
      { resource: { db: '', collection: '' }, actions: ['changeStream', 'find'] },
    ],
    roles: ['readWriteAnyDatabase', 'dbAdminAnyDatabase', 'userAdminAnyDatabase', 'clusterMonitor'].map((role) => ({
      role,
      db: 'admin',
    })),
  };
  await defineRole(admin, cellRole, definition);
}

const controlRole = 'tenureControl';

/**
 * The privileges that a plane needs on the control deployment. What is in the ledger and its log can be read and added
 * to, and neither changed nor removed.
 */
export async function defineControlRole(admin: Db, role: string, [control, secrets]: ControlDatabases): Promise<void> {
  const onEach = (collections: readonly string[], actions: readonly string[]): Document[] =>
    collections.map((collection) => ({ resource: { db: control, collection }, actions }));
  await defineRole(admin, role, {
    privileges: [
      { resource: { db: control, collection: '' }, actions: ['find', 'listCollections', 'changeStream'] },
      ...onEach(
        [...addedToCollections, ...changedCollections],
        ['insert', 'createCollection', 'createIndex', 'listIndexes', 'collStats'],
      ),
      ...onEach(changedCollections, ['update', 'remove']),
    ],
    roles: ['readWrite', 'dbAdmin'].map((name) => ({ role: name, db: secrets })),
  });
}

async function defineRole(admin: Db, role: string, definition: Document): Promise<void> {
  const { roles } = await admin.command({ rolesInfo: role });
  await admin.command({ [roles.length === 0 ? 'createRole' : 'updateRole']: role, ...definition });
}

function rolesOf(planeRoles: PlaneRoles): Document[] {
  switch (planeRoles.kind) {
    case 'cell':
      return [{ role: cellRole, db: 'admin' }];
    case 'root':
      return [{ role: 'root', db: 'admin' }];
    case 'control':
      return [{ role: controlRole, db: 'admin' }];
  }
}

async function asAdmin(setup: MongodSetup, work: (admin: Db) => Promise<void>): Promise<void> {
  const client = await connect(setup.port, setup.passwords.admin).catch((error: unknown) => {
    throw hasCode(error, AUTHENTICATION_FAILED) ? wrongPasswords(setup.replicaSet) : error;
  });
  try {
    await work(client.db('admin'));
  } finally {
    await client.close();
  }
}

async function connect(port: number, adminPassword?: string): Promise<MongoClient> {
  const client = new MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`, {
    serverSelectionTimeoutMS: 10_000,
    ...(adminPassword === undefined ? {} : { auth: { username: adminUser, password: adminPassword } }),
  });
  try {
    return await client.connect();
  } catch (error) {
    await client.close();
    throw error;
  }
}

function hasCode(error: unknown, code: number): boolean {
  return error instanceof MongoServerError && error.code === code;
}

function wrongPasswords(replicaSet: string): OperatorError {
  return new OperatorError(
    `mongod "${replicaSet}" was set up with other passwords than those in the data directory's secrets/; ` +
      'restore the original secrets/, or remove the data directory to start from scratch',
  );
}
