import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
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

/** One installation of Tenure on a stack: its own databases, task queue, API and worker. */
export interface Installation extends Replica {
  readonly name: string;
  /** All replicas; the first is the installation's own `api`, `worker` and `server`. */
  readonly replicas: readonly Replica[];
  /** Where failpoints are armed; see `platform/failpoints.ts`. */
  readonly failpointDirectory: string;
  readonly taskQueue: string;
  /** The control data, read directly, not through the API. */
  readonly store: Store;
  /** The control deployment, as root. */
  readonly control: MongoClient;
  readonly databases: { readonly control: string; readonly secrets: string };
  readonly environment: Readonly<Record<string, string>>;
  token(who?: Who): Promise<string>;
  /** A client that does not retry, so that a test sees every answer. */
  client(who?: Who): ApiClient;
  stop(): Promise<void>;
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

/** Starts an installation and resolves when each API and worker is ready and every cell has been seen. */
export async function startInstallation(
  stack: Pick<AttachedStack, 'mintToken' | 'processEnvironment' | 'mongod'>,
  { worker: withWorker = true, replicas: replicaCount = 1, settings = {}, awaitReady = true }: InstallationOptions = {},
): Promise<Installation> {
  const id = newId().slice(-12);
  const failpointDirectory = mkdtempSync(join(tmpdir(), 'tenure-failpoints-'));
  const databases = { control: `tenure_${id}`, secrets: `tenure_${id}_secrets` };
  const name = `test-${id}`;
  const taskQueue = `tenure-${id}`;
  const environmentOn = ({
    api: apiPort,
    apiOps: apiOpsPort,
    workerOps: workerOpsPort,
  }: Ports): Readonly<Record<string, string>> => ({
    ...stack.processEnvironment({
      installation: name,
      controlDatabase: databases.control,
      secretsDatabase: databases.secrets,
      taskQueue,
      apiPort,
      apiOpsPort,
      workerOpsPort,
    }),
    TENURE_FAILPOINT_DIR: failpointDirectory,
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
  const control = new MongoClient(stack.mongod.control.adminUri);
  const store = createStore({ client: control, names: databases, installation: name });
  const token = ({ subject = 'alice@example.com', roles = ['admin'], tenants }: Who = {}): Promise<string> =>
    stack.mintToken({
      subject,
      roles: [...roles],
      ttlSeconds: 3600,
      ...(tenants === undefined ? {} : { tenants: [...tenants] }),
    });

  async function stop(): Promise<void> {
    await Promise.all(replicas.flatMap(({ api, worker }) => [api.kill('SIGKILL'), worker.kill('SIGKILL')]));
    await control.db(databases.control).dropDatabase();
    await control.db(databases.secrets).dropDatabase();
    await control.close();
    rmSync(failpointDirectory, { recursive: true, force: true });
  }

  try {
    await store.prepare();
    const started = replicas.flatMap(({ api, worker }) => (withWorker ? [api, worker] : [api]));
    for (const process of started) process.start();
    if (awaitReady) await Promise.all(started.map((process) => process.ready()));
    else await until('the API listens', async () => (await fetch(`${first.server}/livez`).catch(() => undefined))?.ok);
    if (withWorker)
      await until(
        'every cell has been seen',
        async () => [...(await store.cells.observations()).values()].filter((cell) => cell.reachable).length >= 2,
      );
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    name,
    ...first,
    replicas,
    failpointDirectory,
    taskQueue,
    store,
    control,
    databases,
    environment: environmentOn(ports),
    token,
    client: (who) => createApiClient({ server: first.server, token: () => token(who), retryForMs: 0 }),
    stop,
  };
}
