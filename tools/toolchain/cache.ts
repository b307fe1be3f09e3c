import { chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

import { OperatorError } from '../process/operator-error.ts';
import { waitForPidLock } from '../process/pid-lock.mjs';
import type { PidLock } from '../process/pid-lock.mjs';
import { prove } from './prove.ts';
import type { Proof } from './prove.ts';
import type { Tool } from './tools.ts';
import { compareVersions } from './version.ts';

const INCOMING_PREFIX = '.incoming-';
const LOCK_TIMEOUT_MS = 30 * 60_000;

/** The cache for binaries, shared by all clones: `$TENURE_TOOL_CACHE`, or the cache directory of the platform. */
export function cacheDirectory(environment: NodeJS.ProcessEnv): string {
  if (environment['TENURE_TOOL_CACHE']) return environment['TENURE_TOOL_CACHE'];
  if (environment['XDG_CACHE_HOME']) return join(environment['XDG_CACHE_HOME'], 'tenure');
  return process.platform === 'darwin'
    ? join(homedir(), 'Library', 'Caches', 'tenure')
    : join(homedir(), '.cache', 'tenure');
}

/** The cached binaries of one tool for this platform, one directory per version. */
export interface ToolCache {
  /** The newest cached binary that still runs and is supported. */
  find(): Promise<Proof | undefined>;
  /** Waits until no other process is installing this tool. */
  lock(onWait: (pid: number) => void): Promise<PidLock>;
  /** An empty directory on the cache's file system. Needs the lock. */
  createIncoming(): Promise<string>;
  /** Removes every incoming directory, including those of interrupted installations. Needs the lock. */
  clearIncoming(): Promise<void>;
  /** Moves a verified binary, or its folder, to its place in one rename. Needs the lock. Returns the path. */
  keep(proof: Extract<Proof, { ok: true }>): Promise<string>;
}

export function createToolCache(tool: Tool, root: string): ToolCache {
  const directory = join(root, `${process.platform}-${process.arch}`, tool.name);

  const list = async (): Promise<string[]> => {
    try {
      await mkdir(directory, { recursive: true });
      return await readdir(directory);
    } catch (error) {
      throw new OperatorError(`the tool cache ${directory} cannot be used (${String(error)}); set TENURE_TOOL_CACHE`);
    }
  };

  return {
    async find() {
      const versions = (await list()).filter((name) => /^\d+\.\d+\.\d+$/.test(name));
      const proofs = await Promise.all(versions.map((version) => prove(tool, join(directory, version, tool.name))));
      return proofs.filter((proof) => proof.ok).toSorted((a, b) => compareVersions(b.version, a.version))[0];
    },

    async lock(onWait) {
      return await waitForPidLock(join(directory, 'lock'), `installing ${tool.name}`, {
        timeoutMs: LOCK_TIMEOUT_MS,
        onWait: (holder) => onWait(holder.pid),
      });
    },

    async createIncoming() {
      return await mkdtemp(join(directory, INCOMING_PREFIX));
    },

    async clearIncoming() {
      for (const name of await list()) {
        if (name.startsWith(INCOMING_PREFIX)) await removeTree(join(directory, name));
      }
    },

    async keep(proof) {
      const place = join(directory, proof.version.join('.'));
      await chmod(proof.path, 0o755);
      const finished = tool.form === 'folder' ? dirname(proof.path) : await mkdtemp(join(directory, INCOMING_PREFIX));
      await rename(proof.path, join(finished, tool.name));
      await removeTree(place);
      await rename(finished, place);
      return join(place, tool.name);
    },
  };
}

async function removeTree(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
}
