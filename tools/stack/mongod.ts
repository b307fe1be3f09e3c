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

/** One mongod that is a replica set of its own. */
export interface MongodHandle {
  readonly name: ReplicaSetName;
  readonly port: number;
  /** `undefined` while it does not run. */
  readonly pid: number | undefined;
  /** For the control plane's own user. */
  readonly uri: string;
  /** For root; only set-up and tests use it. */
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
        // A mongod that ends is a lost connection to its client.
        throw managed.pid === undefined && !(error instanceof OperatorError)
          ? managed.failure('ended during its set-up')
          : error;
      }
    },
    kill: async (signal) => await managed.kill(signal),
    stop: async () => await managed.stop(STOP_GRACE_MS),
    exited: managed.exited,
    failure: managed.failure,
  };
}

/** Parameters that a mongod of Tenure needs wherever it runs. */
export function mongodParameters(name: ReplicaSetName): Readonly<Record<string, number>> {
  return {
    // Idle tables give their files back; with the defaults mongod dies when thousands of tenants exhaust the open files.
    wiredTigerFileHandleCloseIdleTime: 30,
    wiredTigerFileHandleCloseMinimum: 250,
    wiredTigerFileHandleCloseScanInterval: 5,
    // mongod does not notice that a process died in the middle of a transaction, and keeps what it wrote from everybody else
    // until this is over: 60 s by default. No commit of the plane takes longer than 8 s.
    ...(name === 'control' ? { transactionLifetimeLimitSeconds: 10 } : {}),
  };
}

/** Open files need no setting: Node raises its soft limit to the hard one when it starts, and a child inherits that. */
function mongodArguments(name: ReplicaSetName, port: number, databasePath: string, keyFile: string): string[] {
  const parameters = {
    ...mongodParameters(name),
    diagnosticDataCollectionEnabled: false,
    // A single member has nobody to hand over to, so a stop need not wait.
    shutdownTimeoutMillisForSignaledShutdown: 100,
  };
  return [
    ...['--replSet', name, '--port', String(port), '--bind_ip', '127.0.0.1', '--nounixsocket'],
    ...['--dbpath', databasePath, '--wiredTigerCacheSizeGB', '0.25'],
    // A slow command is logged with its documents, which are the tenants'.
    ...['--slowms', '1000000'],
    // Server-side JavaScript would let one tenant keep a cell busy for as long as it likes.
    ...['--auth', '--keyFile', keyFile, '--quiet', '--noscripting'],
    ...Object.entries(parameters).flatMap(([parameter, value]) => ['--setParameter', `${parameter}=${value}`]),
  ];
}

/** `true` when somebody accepts connections there. */
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
