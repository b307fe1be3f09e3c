import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';

import { OperatorError } from '../process/operator-error.ts';
import type { DataDirectory } from './data-directory.ts';
import { createManagedProcess } from './managed-process.ts';
import type { ManagedProcess } from './managed-process.ts';
import { adminUser, planeUser, setUpReplicaSet } from './mongod-setup.ts';
import type { PlaneRoles } from './mongod-setup.ts';
import type { StackSecrets } from './secrets.ts';

export const replicaSetNames = ['control', 'eu-west-1', 'us-east-1'] as const;
export type ReplicaSetName = (typeof replicaSetNames)[number];

/** One mongod that is its own replica set. */
export interface MongodHandle {
  readonly name: ReplicaSetName;
  readonly port: number;
  /** `undefined` while it does not run. */
  readonly pid: number | undefined;
  /** For the user of the control plane. */
  readonly uri: string;
  /** For root; only the setup and tests use it. */
  readonly adminUri: string;
  /** Resolves when it is a writable primary with its users. */
  start(): Promise<void>;
  /** Sends a signal; for SIGKILL and SIGTERM resolves when the process has ended. */
  kill(signal: NodeJS.Signals): Promise<void>;
  stop(): Promise<void>;
  /** Resolves when the process of the last start has ended. */
  exited: ManagedProcess['exited'];
  failure: ManagedProcess['failure'];
}

export interface MongodOptions {
  readonly binary: string;
  readonly port: number;
  readonly data: DataDirectory;
  readonly secrets: StackSecrets;
  readonly planeRoles: PlaneRoles;
}

const LISTEN_TIMEOUT_MS = 60_000;
const STOP_GRACE_MS = 10_000;

export function createMongod(name: ReplicaSetName, options: MongodOptions): MongodHandle {
  const { binary, port, data, secrets, planeRoles } = options;
  const databasePath = data.databasePath(name);
  const managed = createManagedProcess({
    name: `mongod-${name}`,
    command: binary,
    arguments: mongodArguments(name, port, databasePath, secrets.mongodKeyFile),
    runDirectory: data.run,
    dataPath: databasePath,
    openLog: () => data.logFile(`mongod-${name}`),
  });
  const uriFor = (user: string, password: string): string =>
    `mongodb://${user}:${password}@127.0.0.1:${port}/?replicaSet=${name}&authSource=admin`;

  return {
    name,
    port,
    get pid() {
      return managed.pid;
    },
    uri: uriFor(planeUser, secrets.passwords.plane),
    adminUri: uriFor(adminUser, secrets.passwords.admin),
    async start() {
      mkdirSync(databasePath, { recursive: true, mode: 0o700 });
      managed.spawn();
      await managed.waitUntilReady(async () => await listens(port), LISTEN_TIMEOUT_MS);
      try {
        await setUpReplicaSet({
          replicaSet: name,
          port,
          passwords: secrets.passwords,
          planeRoles,
          failure: managed.failure,
        });
      } catch (error) {
        // If mongod exits, its client only sees a lost connection.
        throw managed.pid === undefined && !(error instanceof OperatorError)
          ? managed.failure('exited during its setup')
          : error;
      }
    },
    kill: async (signal) => await managed.kill(signal),
    stop: async () => await managed.stop(STOP_GRACE_MS),
    exited: managed.exited,
    failure: managed.failure,
  };
}

/** Parameters that every mongod of Tenure needs. */
export function mongodParameters(name: ReplicaSetName): Readonly<Record<string, number>> {
  return {
    // Idle tables close their files; with the defaults mongod crashes when thousands of tenants exhaust the open files.
    wiredTigerFileHandleCloseIdleTime: 30,
    wiredTigerFileHandleCloseMinimum: 250,
    wiredTigerFileHandleCloseScanInterval: 5,
    // mongod does not notice when a client dies in the middle of a transaction, and blocks others from the written
    // documents until this limit, 60 s by default. No commit of the plane takes longer than 8 s.
    ...(name === 'control' ? { transactionLifetimeLimitSeconds: 10 } : {}),
  };
}

/** The limit of open files needs no setting: Node raises its soft limit to the hard one, and a child inherits it. */
function mongodArguments(name: ReplicaSetName, port: number, databasePath: string, keyFile: string): string[] {
  const parameters = {
    ...mongodParameters(name),
    diagnosticDataCollectionEnabled: false,
    // A single member has no one to hand over to, so a stop need not wait.
    shutdownTimeoutMillisForSignaledShutdown: 100,
  };
  return [
    ...['--replSet', name, '--port', String(port), '--bind_ip', '127.0.0.1', '--nounixsocket'],
    ...['--dbpath', databasePath, '--wiredTigerCacheSizeGB', '0.25'],
    // Log no slow commands, because the log would contain documents of tenants.
    ...['--slowms', '1000000'],
    // With server-side JavaScript one tenant could keep a cell busy indefinitely.
    ...['--auth', '--keyFile', keyFile, '--quiet', '--noscripting'],
    ...Object.entries(parameters).flatMap(([parameter, value]) => ['--setParameter', `${parameter}=${value}`]),
  ];
}

/** `true` if a process accepts connections on this port. */
export async function listens(port: number): Promise<true | undefined> {
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(undefined));
  });
}
