// Plain JavaScript without dependencies, see bootstrap.mjs.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { processIdentity, waitForPidLock } from './pid-lock.mjs';

const SLOW_AFTER_MS = 2_000;
const PROGRESS_EVERY_MS = 15_000;
const LOCK_TIMEOUT_MS = 15 * 60_000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** The installation failed. The message is one line and contains the fix. */
export class InstallError extends Error {
  name = 'InstallError';
}

/**
 * Runs `npm ci` unless `node_modules` matches `package-lock.json`. If several processes run in one clone, one installs
 * and the others wait. Calls `report` if it takes longer than two seconds.
 */
export async function ensureDependencies(clone, report) {
  if (areDependenciesCurrent(clone)) return;
  const work = join(clone, '.tenure');
  const lock = await withFix(work, async () => {
    mkdirSync(work, { recursive: true, mode: 0o700 });
    return await waitForPidLock(join(work, 'install.lock'), 'npm ci', {
      timeoutMs: LOCK_TIMEOUT_MS,
      onWait: ({ pid }) => report(`process ${pid} is installing the dependencies, waiting …`),
    });
  });
  try {
    if (!areDependenciesCurrent(clone)) await install(clone, join(work, 'npm-ci.log'), report);
  } finally {
    lock.release();
  }
}

/** Whether `node_modules` matches `package-lock.json`, by the stamp or by npm's own record. */
export function areDependenciesCurrent(clone) {
  if (!existsSync(join(clone, 'node_modules', '.bin', 'node'))) return false;
  const stamp = stampPath(clone);
  if (existsSync(stamp)) return readFileSync(stamp, 'utf8') === lockHash(clone);
  return installedAsLocked(clone);
}

/** Explains a failed `npm ci` from its output: the problem and the fix. */
export function explainFailure(output) {
  if (/ENOSPC|EDQUOT/.test(output)) return 'the disk is full: free some space';
  if (/EACCES|EPERM|EROFS/.test(output))
    return 'npm may not write here: make yourself the owner of the clone and of ~/.npm';
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EIDLETIMEOUT/.test(output)) {
    return 'the package registry cannot be reached: check the network, the proxy and `npm config get registry`';
  }
  if (/E404|ETARGET|notarget/.test(output)) {
    return 'the registry does not have a package: check `npm config get registry`';
  }
  if (/EUSAGE/.test(output))
    return 'package.json and package-lock.json differ: run `npm install` and commit the lock file';
  return 'see the log';
}

async function install(clone, logFile, report) {
  const started = Date.now();
  const elapsed = () => `${((Date.now() - started) / 1000).toFixed(0)} s`;
  rmSync(stampPath(clone), { force: true });
  const progress = () => report(`installing the dependencies with npm ci … ${elapsed()}`);
  const first = setTimeout(progress, SLOW_AFTER_MS);
  const later = setInterval(progress, PROGRESS_EVERY_MS);
  const code = await runNpmCi(clone, logFile).finally(() => {
    clearTimeout(first);
    clearInterval(later);
  });
  if (code !== 0) {
    throw new InstallError(
      `npm ci failed: ${explainFailure(readFileSync(logFile, 'utf8'))}; then try again. Output of npm: ${logFile}`,
    );
  }
  if (!existsSync(join(clone, 'node_modules', '.bin', 'node'))) {
    throw new InstallError(
      'npm ci did not install the pinned Node: allow install scripts (`npm config get ignore-scripts`), remove node_modules and try again',
    );
  }
  await withFix(clone, async () => writeFileSync(stampPath(clone), lockHash(clone)));
  if (Date.now() - started > SLOW_AFTER_MS) report(`dependencies installed in ${elapsed()}`);
}

/**
 * npm runs in its own process group, which is killed as a whole: on a signal to this process, or by the next
 * installation if this process is killed. Two npm processes in one node_modules break each other.
 */
async function runNpmCi(clone, logFile) {
  const pidFile = join(dirname(logFile), 'npm-ci.pid');
  await endLeftover(pidFile);
  const log = await withFix(logFile, async () => openSync(logFile, 'w'));
  const child = spawn('npm', ['ci', '--no-progress'], { cwd: clone, stdio: ['ignore', log, log], detached: true });
  closeSync(log);
  if (child.pid !== undefined) writeFileSync(pidFile, `${child.pid}\n${processIdentity(child.pid)}`);
  const interrupt = () => killGroup(child.pid);
  for (const signal of SIGNALS) process.on(signal, interrupt);
  try {
    return await new Promise((resolve, reject) => {
      child.on('error', () =>
        reject(new InstallError('npm is not on PATH: install Node with npm (https://nodejs.org) and try again')),
      );
      child.on('exit', (code) =>
        code === null ? reject(new InstallError('npm ci was interrupted: try again')) : resolve(code),
      );
    });
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupt);
    rmSync(pidFile, { force: true });
  }
}

async function endLeftover(pidFile) {
  if (!existsSync(pidFile)) return;
  const [pid, identity] = readFileSync(pidFile, 'utf8').split('\n');
  while (processIdentity(Number(pid)) === identity) {
    killGroup(Number(pid));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

async function withFix(path, work) {
  try {
    return await work();
  } catch (error) {
    if (!/^(ENOSPC|EDQUOT|EACCES|EPERM|EROFS)$/.test(error.code ?? '')) throw error;
    throw new InstallError(`${path} cannot be written (${error.code}): ${explainFailure(error.code)}; then try again`);
  }
}

/**
 * npm writes `node_modules/.package-lock.json` as the last step of an installation; packages for other platforms are
 * not in it.
 */
function installedAsLocked(clone) {
  const record = join(clone, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages;
  const locked = JSON.parse(readFileSync(join(clone, 'package-lock.json'), 'utf8')).packages;
  const fits = (path) =>
    installed[path] === undefined
      ? locked[path].optional === true
      : installed[path].version === locked[path].version && installed[path].integrity === locked[path].integrity;
  return (
    Object.keys(locked).every((path) => path === '' || fits(path)) &&
    Object.keys(installed).every((path) => path in locked && existsSync(join(clone, path)))
  );
}

/** Inside `node_modules`, because `npm ci` empties it first: an interrupted installation leaves no stamp. */
function stampPath(clone) {
  return join(clone, 'node_modules', '.tenure-lock-hash');
}

function lockHash(clone) {
  return createHash('sha256')
    .update(readFileSync(join(clone, 'package-lock.json')))
    .digest('hex');
}
