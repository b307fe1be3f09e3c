import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { createApiClient } from '../../client/api-client.ts';
import type { ApiClient } from '../../client/api-client.ts';
import { createUlidFactory } from '../../store/ulid.ts';
import { createStore } from '../../store/store.ts';
import type { Store } from '../../store/store.ts';
import { freePorts } from '../../tools/stack/ports.ts';
import type { Ports } from '../../tools/stack/ports.ts';
import type { AttachedStack } from '../../tools/stack/attach.ts';
import { testInstallation } from '../../tools/stack/process-environment.ts';
import { installationPoolVariable, testSettings } from '../../tools/testing/installation-pool.ts';
import type { PooledInstallation } from '../../tools/testing/installation-pool.ts';
import { createServiceProcess } from './service-process.ts';
import type { ServiceProcess } from './service-process.ts';
import { until } from './until.ts';

const newId = createUlidFactory();

export interface Who {
  readonly subject?: string;
  readonly roles?: readonly string[];
  readonly tenants?: readonly string[];
}

/** One API and one worker of an installation. Its replicas differ only in their ports. */
export interface Replica {
  readonly api: ServiceProcess;
  readonly worker: ServiceProcess;
  readonly server: string;
}

/** One installation of Tenure on a stack, as its callers see it. */
export interface SharedInstallation {
  readonly name: string;
  readonly server: string;
  /** Where failpoints are armed; see `platform/failpoints.ts`. */
  readonly failpointDirectory: string;
  readonly taskQueue: string;
  /** The control data, read directly, not through the API. */
  readonly store: Store;
  /** The control deployment, as root. */
  readonly control: MongoClient;
  readonly databases: { readonly control: string; readonly secrets: string };
  token(who?: Who): Promise<string>;
  /** A client that does not retry, so that a test sees every answer. */
  client(who?: Who): ApiClient;
  stop(): Promise<void>;
}

/** One installation with processes of its own. */
export interface Installation extends SharedInstallation, Replica {
  /** All replicas; the first is the installation's own `api`, `worker` and `server`. */
  readonly replicas: readonly Replica[];
  readonly environment: Readonly<Record<string, string>>;
}

export interface InstallationOptions {
  /** Set to false to test the API without a worker. */
  readonly worker?: boolean;
  /** How many APIs and workers there are. Default 1. */
  readonly replicas?: number;
  /** Replaces single settings of both processes. */
  readonly settings?: Readonly<Record<string, string>>;
  /**
   * Set to false if something that they need is unavailable. The start then resolves when the API listens, not when it
   * is ready.
   */
  readonly awaitReady?: boolean;
}

type InstallationStack = Pick<AttachedStack, 'mintToken' | 'processEnvironment' | 'mongod'>;

/** What callers need of an installation, whoever runs its processes. */
function openInstallation(
  stack: InstallationStack,
  { id, ports, failpointDirectory }: Pick<PooledInstallation, 'id' | 'ports' | 'failpointDirectory'>,
): Omit<SharedInstallation, 'stop'> {
  const { installation: name, controlDatabase, secretsDatabase, taskQueue } = testInstallation(id, ports);
  const server = `http://127.0.0.1:${ports.api}`;
  const databases = { control: controlDatabase, secrets: secretsDatabase };
  const control = new MongoClient(stack.mongod.control.adminUri);
  const token = ({ subject = 'alice@example.com', roles = ['admin'], tenants }: Who = {}): Promise<string> =>
    stack.mintToken({
      subject,
      roles: [...roles],
      ttlSeconds: 3600,
      ...(tenants === undefined ? {} : { tenants: [...tenants] }),
    });
  return {
    name,
    server,
    failpointDirectory,
    taskQueue,
    store: createStore({ client: control, names: databases, installation: name }),
    control,
    databases,
    token,
    client: (who) => createApiClient({ server, token: () => token(who), retryForMs: 0 }),
  };
}

async function untilCellsAreSeen({ store }: Pick<SharedInstallation, 'store'>): Promise<void> {
  await until(
    'every cell has been seen',
    async () => [...(await store.cells.observations()).values()].filter((cell) => cell.reachable).length >= 2,
  );
}

/**
 * Borrows a running installation with default settings and empty control data; `stop` gives it back. For tests that
 * neither kill its processes nor read their output.
 */
export async function borrowInstallation(
  stack: InstallationStack,
  { worker = true }: Pick<InstallationOptions, 'worker'> = {},
): Promise<SharedInstallation> {
  const address = process.env[installationPoolVariable];
  if (address === undefined) throw new Error(`${installationPoolVariable} is not set; run this file with npm test`);
  const taken = await fetch(`${address}/${worker ? 'take' : 'take-api'}`, { method: 'POST' });
  if (!taken.ok) throw new Error(await taken.text());
  const pooled = (await taken.json()) as PooledInstallation;
  const opened = openInstallation(stack, pooled);
  if (worker) await untilCellsAreSeen(opened);
  return {
    ...opened,
    async stop() {
      await empty(opened);
      await opened.control.close();
      await fetch(`${address}/give`, { method: 'POST', body: JSON.stringify(pooled) });
    },
  };
}

/** What the processes know of their cells stays, and the log, which they follow. */
const keptCollections = new Set(['cells', 'cell_identities', 'log_head', 'log_positions', 'log_tiles']);

/** Removes all control data. Workflows that still run find that their operation no longer exists, and end. */
async function empty({
  control,
  databases,
  failpointDirectory,
}: Pick<SharedInstallation, 'control' | 'databases' | 'failpointDirectory'>): Promise<void> {
  for (const file of readdirSync(failpointDirectory)) {
    const path = join(failpointDirectory, file);
    if (file.endsWith('.hit')) writeFileSync(path.replace(/hit$/, 'release'), '');
    else if (!file.endsWith('.release')) rmSync(path);
  }
  for (const name of [databases.control, databases.secrets]) {
    for (const collection of await control.db(name).collections())
      if (!keptCollections.has(collection.collectionName)) await collection.deleteMany({});
  }
}

/** Starts an installation and resolves when each API and worker is ready and every cell has been seen. */
export async function startInstallation(
  stack: InstallationStack,
  { worker: withWorker = true, replicas: replicaCount = 1, settings = {}, awaitReady = true }: InstallationOptions = {},
): Promise<Installation> {
  const id = newId().slice(-12);
  const failpointDirectory = mkdtempSync(join(tmpdir(), 'tenure-failpoints-'));
  const environmentOn = (ports: Ports): Readonly<Record<string, string>> => ({
    ...stack.processEnvironment(testInstallation(id, ports)),
    TENURE_FAILPOINT_DIR: failpointDirectory,
    ...testSettings,
    ...settings,
  });
  const replicaOn = (ports: Ports): Replica => ({
    api: createServiceProcess({ entry: 'api/main.ts', environment: environmentOn(ports), opsPort: ports.apiOps }),
    worker: createServiceProcess({
      entry: 'workers/main.ts',
      environment: environmentOn(ports),
      opsPort: ports.workerOps,
    }),
    server: `http://127.0.0.1:${ports.api}`,
  });
  const ports = await freePorts();
  const first = replicaOn(ports);
  const replicas = [
    first,
    ...(await Promise.all(Array.from({ length: replicaCount - 1 }, async () => replicaOn(await freePorts())))),
  ];
  // The processes require secret files to be readable by their owner only.
  for (const setting of ['TENURE_CELLS_FILE', 'TENURE_KEYRING_FILE', 'TENURE_CODEC_KEYRING_FILE']) {
    if (settings[setting] !== undefined && settings['TENURE_SECRET_FILE_ACCESS'] === undefined)
      chmodSync(settings[setting], 0o600);
  }
  const opened = openInstallation(stack, { id, ports, failpointDirectory });
  const { control, databases } = opened;

  async function stop(): Promise<void> {
    await Promise.all(replicas.flatMap(({ api, worker }) => [api.kill('SIGKILL'), worker.kill('SIGKILL')]));
    await control.db(databases.control).dropDatabase();
    await control.db(databases.secrets).dropDatabase();
    await control.close();
    rmSync(failpointDirectory, { recursive: true, force: true });
  }

  try {
    await opened.store.prepare();
    const started = replicas.flatMap(({ api, worker }) => (withWorker ? [api, worker] : [api]));
    for (const process of started) process.start();
    if (awaitReady) await Promise.all(started.map((process) => process.ready()));
    else await until('the API listens', async () => (await fetch(`${first.server}/livez`).catch(() => undefined))?.ok);
    if (withWorker) await untilCellsAreSeen(opened);
  } catch (error) {
    await stop();
    throw error;
  }
  return { ...opened, ...first, replicas, environment: environmentOn(ports), stop };
}
