// Plain JavaScript without dependencies: the first step uses it with any Node, before anything is installed.
import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const BREAKER_MAX_AGE_MS = 10_000;
const POLL_MS = 100;

export class LockHeldError extends Error {
  constructor(path, holder) {
    super(`${path} is held by process ${holder.pid} (${holder.purpose})`);
    this.name = 'LockHeldError';
    this.holder = holder;
  }
}

export function processIdentity(pid) {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      // The start time in clock ticks since boot. Not the name, because a program may change it.
      return state === 'Z' || state === 'X' ? undefined : `${bootId()} ${fields[18]}`;
    }
    const line = execFileSync('ps', ['-o', 'lstart=,comm=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    return line === '' ? undefined : line;
  } catch {
    return undefined;
  }
}

function bootId() {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

export function acquirePidLock(path, purpose) {
  mkdirSync(dirname(path), { recursive: true });
  const content = JSON.stringify({ pid: process.pid, identity: processIdentity(process.pid), purpose });
  for (;;) {
    if (createExclusively(path, content)) {
      return { release: () => releaseIfOwn(path, content) };
    }
    const seen = readIfThere(path);
    if (seen === undefined) continue;
    const holder = parseHolder(seen);
    if (holder !== undefined && processIdentity(holder.pid) === holder.identity) {
      throw new LockHeldError(path, holder);
    }
    removeStale(path, seen);
  }
}

export function pidLockHolder(path) {
  const holder = parseHolder(readIfThere(path) ?? '');
  return holder !== undefined && processIdentity(holder.pid) === holder.identity ? holder : undefined;
}

export async function waitForPidLock(path, purpose, { timeoutMs, onWait }) {
  const deadline = Date.now() + timeoutMs;
  let told = false;
  for (;;) {
    try {
      return acquirePidLock(path, purpose);
    } catch (error) {
      if (!(error instanceof LockHeldError) || Date.now() > deadline) throw error;
      if (!told) onWait(error.holder);
      told = true;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** A hard link appears atomically with its content, so no reader sees a half-written lock. */
function createExclusively(path, content) {
  const draft = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  writeFileSync(draft, content, { mode: 0o600 });
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    unlinkSync(draft);
  }
}

/**
 * If two processes see the same dead holder, the breaker keeps the slower one from removing the lock of the faster one.
 */
function removeStale(path, seen) {
  const breaker = `${path}.breaker`;
  if (!createExclusively(breaker, String(process.pid))) {
    const age = Date.now() - (statSync(breaker, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > BREAKER_MAX_AGE_MS) rmSync(breaker, { force: true });
    return;
  }
  try {
    if (readIfThere(path) === seen) rmSync(path, { force: true });
  } finally {
    rmSync(breaker, { force: true });
  }
}

function releaseIfOwn(path, content) {
  if (readIfThere(path) === content) rmSync(path, { force: true });
}

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function parseHolder(text) {
  try {
    const holder = JSON.parse(text);
    return Number.isInteger(holder.pid) ? holder : undefined;
  } catch {
    return undefined;
  }
}
