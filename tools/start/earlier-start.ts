import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { OperatorError } from '../process/operator-error.ts';
import { pidLockHolder } from '../process/pid-lock.mjs';
import { lockFile } from '../stack/data-directory.ts';
import { listRunning, stopRunning } from '../stack/run-directory.ts';

/**
 * Looks, before any port is asked for, at what an earlier start on the data directory has left. Throws {@link OperatorError} when that
 * start still runs: which process it is, and how to use or stop it. What runs without its start is ended.
 */
export async function settleEarlierStart(dataDirectory: string, report: (line: string) => void): Promise<void> {
  const runDirectory = join(dataDirectory, 'run');
  // Listed before the lock is looked at: what another start brings up meanwhile is not among them.
  const left = existsSync(runDirectory) ? listRunning(runDirectory) : [];
  const holder = pidLockHolder(lockFile(dataDirectory));
  if (holder !== undefined) {
    throw new OperatorError(
      `an installation runs already in ${dataDirectory}, as process ${holder.pid}${apiOf(dataDirectory)}; use it with ./tenure, ` +
        `stop it with \`kill ${holder.pid}\`, or start another beside it with TENURE_DATA_DIR and the TENURE_PORT_… variables`,
    );
  }
  if (left.length === 0) return;
  report(
    `ending what an earlier start has left: ${left.map(({ name, pid }) => `${name} (process ${pid})`).join(', ')}`,
  );
  await stopRunning(left);
}

function apiOf(dataDirectory: string): string {
  try {
    const { server } = JSON.parse(readFileSync(join(dataDirectory, 'context.json'), 'utf8')) as { server: string };
    return `, its API at ${server}`;
  } catch {
    return '';
  }
}
