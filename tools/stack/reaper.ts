// Outlives the process that started it. When the pipe on its standard input closes, that process has ended, for
// whatever reason. The reaper then stops what is still running and removes a temporary data directory.
import { rmSync } from 'node:fs';
import { finished } from 'node:stream/promises';

import { listRunning, stopRunning } from './run-directory.ts';

const [runDirectory, ownerPid, temporaryDirectory] = process.argv.slice(2);
if (runDirectory === undefined || ownerPid === undefined) {
  throw new Error('usage: reaper.ts <run directory> <owner pid> [<temporary directory>]');
}

await finished(process.stdin.resume());
// Another start may already use the directory, so stop only the processes of the dead owner.
await stopRunning(listRunning(runDirectory).filter((record) => record.ownerPid === Number(ownerPid)));
if (temporaryDirectory !== undefined) rmSync(temporaryDirectory, { recursive: true, force: true });
