import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { processIdentity } from '../process/pid-lock.mjs';
import { pollUntil } from '../process/poll-until.ts';

/** The content of a pid file. `identity` distinguishes this process from a later one with the same pid. */
export interface RunningProcess {
  readonly name: string;
  readonly pid: number;
  readonly identity: string;
  /** The process that spawned it. */
  readonly ownerPid: number;
}

const GRACE_MS = 8_000;

/** Writes the pid file of a child with its own process group. Returns a function that removes it. */
export function recordRunning(runDirectory: string, name: string, pid: number): () => void {
  const path = join(runDirectory, `${name}.json`);
  const record: RunningProcess = { name, pid, identity: processIdentity(pid) ?? '', ownerPid: process.pid };
  writeFileSync(path, JSON.stringify(record), { mode: 0o600 });
  return () => rmSync(path, { force: true });
}

/** The processes of the pid files that are still running. Removes the pid files of the others. */
export function listRunning(runDirectory: string): RunningProcess[] {
  return readdirSync(runDirectory)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => {
      const path = join(runDirectory, name);
      const record = readRecord(path);
      if (record !== undefined && isRunning(record)) return [record];
      rmSync(path, { force: true });
      return [];
    });
}

/**
 * Stops processes with their groups: SIGTERM, then SIGKILL after 8 s. They need not be children. Resolves when all have
 * ended.
 */
export async function stopRunning(processes: readonly RunningProcess[]): Promise<void> {
  await Promise.all(processes.map(stopOne));
}

async function stopOne(record: RunningProcess): Promise<void> {
  const gone = (): true | undefined => (isRunning(record) ? undefined : true);
  const wait = async (timeoutMs: number): Promise<true> =>
    await pollUntil(gone, {
      timeoutMs,
      intervalMs: 20,
      onTimeout: () => new Error(`process ${record.pid} (${record.name}) does not exit; kill it manually`),
    });
  signal(record, 'SIGCONT');
  signal(record, 'SIGTERM');
  try {
    await wait(GRACE_MS);
  } catch {
    signal(record, 'SIGKILL');
    await wait(GRACE_MS);
  }
}

function isRunning(record: RunningProcess): boolean {
  return processIdentity(record.pid) === record.identity;
}

function signal(record: RunningProcess, name: NodeJS.Signals): void {
  try {
    if (isRunning(record)) process.kill(-record.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function readRecord(path: string): RunningProcess | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as RunningProcess;
  } catch {
    return undefined;
  }
}
