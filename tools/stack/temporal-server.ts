import { rm } from 'node:fs/promises';

import { Connection } from '@temporalio/client';

import type { DataDirectory } from './data-directory.ts';
import { createManagedProcess } from './managed-process.ts';
import type { ManagedProcess } from './managed-process.ts';
import { searchAttributeNames } from '../../contracts/search-attributes.ts';
import { listens } from './mongod.ts';
import type { Ports } from './ports.ts';

export const temporalNamespace = 'default';

/** With the default of 20 polls per second, a task may wait up to 50 ms. */
export const dynamicConfig: Readonly<Record<string, number>> = Object.fromEntries(
  ['transfer', 'timer', 'visibility'].map((queue) => [`history.${queue}ProcessorMaxPollRPS`, 2000]),
);

export interface TemporalOptions {
  readonly binary: string;
  readonly ports: Ports;
  readonly data: DataDirectory;
  /** `memory` is faster, but loses everything when the server ends. */
  readonly storage: 'file' | 'memory';
  readonly ui: boolean;
  /** The endpoint that decodes payloads for the UI. */
  readonly uiCodecEndpoint?: string;
}

/** The Temporal dev server. */
export interface TemporalHandle {
  readonly address: string;
  /** `undefined` while it does not run. */
  readonly pid: number | undefined;
  /** Resolves when it answers and knows the search attributes. */
  start(): Promise<void>;
  /** Sends a signal; for SIGKILL and SIGTERM resolves when the process has ended. */
  kill(signal: NodeJS.Signals): Promise<void>;
  stop(): Promise<void>;
  /** Resolves when the process of the last start has ended. */
  exited: ManagedProcess['exited'];
  failure: ManagedProcess['failure'];
  /** Removes the database file and the other files of SQLite. The server must not run. */
  deleteDatabase(): Promise<void>;
}

const READY_TIMEOUT_MS = 60_000;
const CALL_TIMEOUT_MS = 5_000;
const STOP_GRACE_MS = 10_000;

export function createTemporalServer(options: TemporalOptions): TemporalHandle {
  const { binary, ports, data } = options;
  const address = `127.0.0.1:${ports.temporal}`;
  const managed = createManagedProcess({
    name: 'temporal',
    command: binary,
    arguments: temporalArguments(options),
    runDirectory: data.run,
    dataPath: data.temporalDatabase,
    openLog: () => data.logFile('temporal'),
  });

  return {
    address,
    get pid() {
      return managed.pid;
    },
    async start() {
      managed.spawn();
      // A refused gRPC channel waits a second before its next attempt, so check the port first.
      await managed.waitUntilReady(async () => await listens(ports.temporal), READY_TIMEOUT_MS);
      const connection = Connection.lazy({ address });
      try {
        await managed.waitUntilReady(async () => await knowsSearchAttributes(connection), READY_TIMEOUT_MS);
      } finally {
        await connection.close();
      }
    },
    kill: async (signal) => await managed.kill(signal),
    stop: async () => await managed.stop(STOP_GRACE_MS),
    exited: managed.exited,
    failure: managed.failure,
    async deleteDatabase() {
      if (managed.pid !== undefined) throw new Error('stop the Temporal server before deleting its database');
      for (const suffix of ['', '-wal', '-shm']) await rm(`${data.temporalDatabase}${suffix}`, { force: true });
    },
  };
}

function temporalArguments({ ports, data, storage, ui, uiCodecEndpoint }: TemporalOptions): string[] {
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(ports.temporal)],
    ...['--metrics-port', String(ports.temporalMetrics), '--namespace', temporalNamespace],
    ...(ui ? ['--ui-port', String(ports.temporalUi)] : ['--headless']),
    ...(uiCodecEndpoint === undefined ? [] : ['--ui-codec-endpoint', uiCodecEndpoint]),
    ...(storage === 'memory' ? [] : ['--db-filename', data.temporalDatabase]),
    // A write-ahead log doubles the throughput; it needs a file.
    ...(storage === 'memory' ? [] : ['--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=1']),
    ...Object.entries(dynamicConfig).flatMap(([key, value]) => ['--dynamic-config-value', `${key}=${value}`]),
    ...Object.values(searchAttributeNames).flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
  ];
}

async function knowsSearchAttributes(connection: Connection): Promise<true | undefined> {
  try {
    const { customAttributes } = await connection.withDeadline(
      Date.now() + CALL_TIMEOUT_MS,
      async () => await connection.operatorService.listSearchAttributes({ namespace: temporalNamespace }),
    );
    return Object.values(searchAttributeNames).every((name) => name in customAttributes) ? true : undefined;
  } catch {
    return undefined;
  }
}
