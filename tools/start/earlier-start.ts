import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { OperatorError } from '../process/operator-error.ts';
import { pidLockHolder } from '../process/pid-lock.mjs';
import { lockFile } from '../stack/data-directory.ts';
import { listRunning, stopRunning } from '../stack/run-directory.ts';

/**
 * Before any port is used, checks what an earlier start on the data directory left behind. Throws {@link OperatorError}
 * if that start is still running, with its process and how to use or stop it. Stops processes whose start has ended.
 */
export async function settleEarlierStart(dataDirectory: string, report: (line: string) => void): Promise<void> {
  const runDirectory = join(dataDirectory, 'run');
  // List them before checking the lock, so that the list has no processes that another start creates in the meantime.
  const left = existsSync(runDirectory) ? listRunning(runDirectory) : [];
  const holder = pidLockHolder(lockFile(dataDirectory));
  if (holder !== undefined) {
    throw new OperatorError(
      `an installation is already running in ${dataDirectory}, as process ${holder.pid}${apiOf(dataDirectory)}; use it with ./tenure, ` +
        `stop it with \`kill ${holder.pid}\`, or start a second one by setting TENURE_DATA_DIR and the TENURE_PORT_… variables`,
    );
  }
  if (left.length === 0) return;
  report(
    `stopping processes of an earlier start: ${left.map(({ name, pid }) => `${name} (process ${pid})`).join(', ')}`,
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
