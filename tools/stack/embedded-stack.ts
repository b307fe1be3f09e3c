import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { StackTool } from '../toolchain/tools.ts';
import { openDataDirectory } from './data-directory.ts';
import type { StackDescription } from './description.ts';
import { createManagedProcess } from './managed-process.ts';
import type { ManagedProcess } from './managed-process.ts';
import { createMongod, replicaSetNames } from './mongod.ts';
import type { MongodHandle, ReplicaSetName } from './mongod.ts';
import type { ControlDatabases, PlaneRoles } from './mongod-setup.ts';
import { requireFree } from './ports.ts';
import type { PortName, Ports } from './ports.ts';
import { defaultDatabases, processEnvironment } from './process-environment.ts';
import type { InstallationOptions } from './process-environment.ts';
import { listRunning, recordRunning, stopRunning } from './run-directory.ts';
import { openSecrets, writePrivately } from './secrets.ts';
import { createTemporalServer, temporalNamespace } from './temporal-server.ts';
import type { TemporalHandle } from './temporal-server.ts';
import { createTokenIssuer } from './token-issuer.ts';
import type { MintToken } from './token-issuer.ts';

export interface EmbeddedStackOptions {
  /** Kept between starts: a second start continues where the first stopped. */
  readonly dataDirectory: string;
  /** Remove the data directory when the stack stops or its process dies. */
  readonly temporary: boolean;
  readonly ports: Ports;
  readonly tools: Readonly<Record<StackTool, string>>;
  readonly temporalStorage: 'file' | 'memory';
  readonly temporalUi: boolean;
  readonly uiCodecEndpoint?: string;
  /**
   * The databases that the user of the control plane may use in `control`. Roles cannot match databases by prefix, so
   * tests, which use many, set `any` and get root.
   */
  readonly controlDatabases: ControlDatabases | 'any';
}

/** An additional process beside the parts of the stack, such as the API. */
export interface StackProcessOptions {
  readonly name: string;
  readonly command: string;
  readonly arguments: readonly string[];
  /** Added to this process's environment. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Three mongods and a Temporal server on this machine, with authentication, secrets and a token issuer. */
export interface EmbeddedStack extends StackDescription {
  readonly temporalServer: TemporalHandle;
  mongodHandle(name: ReplicaSetName): MongodHandle;
  readonly mintToken: MintToken;
  processEnvironment(options?: InstallationOptions): Readonly<Record<string, string>>;
  /** Creates a process with a log and a pid file in the data directory. It stops before the parts of the stack. */
  createProcess(options: StackProcessOptions): ManagedProcess;
  /**
   * Makes a child with its own process group end with the stack if this process dies. Returns a function that undoes
   * this.
   */
  endWithStack(name: string, pid: number): () => void;
  /** Writes the description for {@link attachToStack} and returns the path of the file. */
  writeDescription(): string;
  /** Stops everything: first the processes of `createProcess`, latest first. A second call waits for the first. */
  stop(): Promise<void>;
}

/**
 * The cells and their replica sets. A cell is named after its region plus a letter, because a region may get more
 * cells.
 */
export const cells = { 'eu-west-1-a': 'eu-west-1', 'us-east-1-a': 'us-east-1' } as const;

const ownPorts: readonly PortName[] = ['temporal', 'temporalUi', 'temporalMetrics', ...replicaSetNames];
const PROCESS_STOP_GRACE_MS = 20_000;

export const defaultControlDatabases: ControlDatabases = [defaultDatabases.control, defaultDatabases.secrets];

/**
 * Starts the stack and resolves when every part is ready: each mongod is a writable primary, and Temporal knows the
 * search attributes. First stops the processes that an earlier start on the same data directory left running. Throws
 * `OperatorError` if the directory is in use or not usable, if a port is taken, or if the secrets do not match the
 * data.
 */
export async function createEmbeddedStack(options: EmbeddedStackOptions): Promise<EmbeddedStack> {
  const data = openDataDirectory(options.dataDirectory);
  const closeReaper = startReaper(data.run, options.temporary ? data.path : undefined);
  const mongods: MongodHandle[] = [];
  const processes: ManagedProcess[] = [];
  let temporalServer: TemporalHandle | undefined;

  const stopAll = async (): Promise<void> => {
    for (const managed of processes.toReversed())
      await (options.temporary ? managed.kill('SIGKILL') : managed.stop(PROCESS_STOP_GRACE_MS));
    const parts = temporalServer === undefined ? mongods : [temporalServer, ...mongods];
    // Temporary data needs no orderly shutdown, which takes Temporal two seconds.
    await Promise.all(parts.map(async (part) => await (options.temporary ? part.kill('SIGKILL') : part.stop())));
    data.release();
    await closeReaper();
  };
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => await (stopping ??= stopAll());

  try {
    await stopRunning(listRunning(data.run));
    await requireFree(options.ports, ownPorts);
    const secrets = await openSecrets(data.secrets);
    for (const name of replicaSetNames) {
      const planeRoles = name === 'control' ? controlRoles(options.controlDatabases) : ({ kind: 'cell' } as const);
      mongods.push(
        createMongod(name, { binary: options.tools.mongod, port: options.ports[name], data, secrets, planeRoles }),
      );
    }
    temporalServer = createTemporalServer({
      binary: options.tools.temporal,
      ports: options.ports,
      data,
      storage: options.temporalStorage,
      ui: options.temporalUi,
      ...(options.uiCodecEndpoint === undefined ? {} : { uiCodecEndpoint: options.uiCodecEndpoint }),
    });
    await allOrFirstFailure([temporalServer.start(), ...mongods.map(async (mongod) => await mongod.start())]);

    const byName = Object.fromEntries(mongods.map((mongod) => [mongod.name, mongod])) as Record<
      ReplicaSetName,
      MongodHandle
    >;
    const cellsFile = join(data.secrets, 'cells.json');
    writePrivately(
      cellsFile,
      JSON.stringify(Object.fromEntries(Object.entries(cells).map(([cell, set]) => [cell, { uri: byName[set].uri }]))),
    );

    const description: StackDescription = {
      dataDirectory: data.path,
      ports: options.ports,
      mongod: Object.fromEntries(
        mongods.map(({ name, uri, adminUri }) => [name, { uri, adminUri }]),
      ) as StackDescription['mongod'],
      temporal: { address: temporalServer.address, namespace: temporalNamespace },
      files: {
        cells: cellsFile,
        keyring: secrets.keyringFile,
        codecKeyring: secrets.codecKeyringFile,
        jwks: secrets.jwksFile,
        logKey: secrets.logKeyFile,
      },
      issuerPrivateKey: secrets.issuerPrivateKey,
    };

    return {
      ...description,
      temporalServer,
      mongodHandle: (name) => byName[name],
      mintToken: createTokenIssuer(secrets.issuerPrivateKey),
      processEnvironment: (installation) => processEnvironment(description, installation),
      createProcess(processOptions) {
        const managed = createManagedProcess({
          ...processOptions,
          runDirectory: data.run,
          openLog: () => data.logFile(processOptions.name),
        });
        processes.push(managed);
        return managed;
      },
      endWithStack: (name, pid) => recordRunning(data.run, name, pid),
      writeDescription() {
        const path = join(data.secrets, 'stack.json');
        writePrivately(path, JSON.stringify(description));
        return path;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function controlRoles(databases: ControlDatabases | 'any'): PlaneRoles {
  return databases === 'any' ? { kind: 'root' } : { kind: 'control', databases };
}

/** Waits for all of them to settle, so that after a failure no part comes up later. */
async function allOrFirstFailure(starts: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(starts)).find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** See `reaper.ts`. Returns a function that releases it; it then finishes its work and exits. */
function startReaper(runDirectory: string, temporaryDirectory: string | undefined): () => Promise<void> {
  const script = fileURLToPath(new URL('reaper.ts', import.meta.url));
  const reaperArguments = [script, runDirectory, String(process.pid)];
  if (temporaryDirectory !== undefined) reaperArguments.push(temporaryDirectory);
  const reaper = spawn(process.execPath, reaperArguments, { detached: true, stdio: ['pipe', 'ignore', 'inherit'] });
  const exited = new Promise<void>((resolve) => reaper.once('exit', () => resolve()));
  reaper.unref();
  (reaper.stdin as Socket).unref();
  return async () => {
    reaper.ref();
    reaper.stdin.end();
    await exited;
  };
}
