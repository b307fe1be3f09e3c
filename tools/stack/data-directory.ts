import { existsSync, globSync, mkdirSync, renameSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { OperatorError } from '../process/operator-error.ts';
import { acquirePidLock, LockHeldError } from '../process/pid-lock.mjs';
import type { PidLock } from '../process/pid-lock.mjs';

/** Three empty mongods preallocate their journals; with less free space they would crash during their start. */
const MINIMUM_FREE_BYTES = 1_000_000_000;
/** The space that a start needs if the journals already exist. */
const MINIMUM_AGAIN_BYTES = 100_000_000;
const BYTES_PER_BLOCK = 512;

/** The folder with everything of one embedded installation. */
export interface DataDirectory {
  readonly path: string;
  /** Secrets, mode 0700. */
  readonly secrets: string;
  /** One file per running process. */
  readonly run: string;
  readonly temporalDatabase: string;
  databasePath(replicaSet: string): string;
  logFile(processName: string): string;
  /** Releases the directory for another start. */
  release(): void;
}

/** `$TENURE_DATA_DIR`, or `.tenure` in the clone. */
export function defaultDataDirectory(environment: NodeJS.ProcessEnv, clone: string): string {
  return resolve(clone, environment['TENURE_DATA_DIR'] || '.tenure');
}

/**
 * Creates the directory if needed and locks it for this process.
 * Throws {@link OperatorError} if another start uses it, if it cannot be written, or if the disk is nearly full.
 */
export function openDataDirectory(path: string, freeBytes: (path: string) => number = freeBytesOf): DataDirectory {
  const secrets = join(path, 'secrets');
  const run = join(path, 'run');
  const logs = join(path, 'logs');
  const remedy = 'set TENURE_DATA_DIR to a writable directory with enough space';
  try {
    for (const directory of [path, secrets]) mkdirSync(directory, { recursive: true, mode: 0o700 });
    for (const directory of [run, logs, join(path, 'mongod'), join(path, 'temporal')])
      mkdirSync(directory, { recursive: true });
    const probe = join(path, '.probe');
    writeFileSync(probe, Buffer.alloc(65_536));
    rmSync(probe);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const problem =
      code === 'ENOSPC' || code === 'EDQUOT' ? 'is on a full disk' : `cannot be written (${code ?? String(error)})`;
    throw new OperatorError(`the data directory ${path} ${problem}; ${remedy}`);
  }
  const free = freeBytes(path);
  const needed = Math.max(MINIMUM_AGAIN_BYTES, MINIMUM_FREE_BYTES - journalBytes(path));
  if (free < needed) {
    throw new OperatorError(
      `the disk of the data directory ${path} has ${Math.floor(free / 1e6)} MB left, but ${Math.ceil(needed / 1e6)} MB are needed; ${remedy}`,
    );
  }

  const lock = lockFor(path);
  return {
    path,
    secrets,
    run,
    temporalDatabase: join(path, 'temporal', 'temporal.db'),
    databasePath: (replicaSet) => join(path, 'mongod', replicaSet),
    logFile: (processName) => rotated(join(logs, `${processName}.log`)),
    release: () => lock.release(),
  };
}

/** The free space for this user on the disk of a path. */
export function freeBytesOf(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

/** The disk space of journals from an earlier start, which are reused. */
function journalBytes(path: string): number {
  return globSync('mongod/*/journal/*', { cwd: path })
    .map((file) => (statSync(join(path, file), { throwIfNoEntry: false })?.blocks ?? 0) * BYTES_PER_BLOCK)
    .reduce((sum, bytes) => sum + bytes, 0);
}

/** The lock of the process that uses the directory. */
export function lockFile(path: string): string {
  return join(path, 'lock');
}

function lockFor(path: string): PidLock {
  try {
    return acquirePidLock(lockFile(path), 'the embedded stack');
  } catch (error) {
    if (!(error instanceof LockHeldError)) throw error;
    throw new OperatorError(
      `the data directory ${path} is in use by process ${error.holder.pid}; stop it with \`kill ${error.holder.pid}\`, or set TENURE_DATA_DIR to another directory`,
    );
  }
}

/** Keeps one earlier log, so that a failing start does not overwrite the log of the previous start. */
function rotated(path: string): string {
  if (existsSync(path)) renameSync(path, path.replace(/\.log$/, '.previous.log'));
  return path;
}
