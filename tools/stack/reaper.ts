// Outlives the process that started it: when the pipe on its standard input closes, that process has ended, however it did.
// What it left running is stopped then, and a temporary data directory is removed.
import { rmSync } from 'node:fs';
import { finished } from 'node:stream/promises';

import { listRunning, stopRunning } from './run-directory.ts';

const [runDirectory, ownerPid, temporaryDirectory] = process.argv.slice(2);
if (runDirectory === undefined || ownerPid === undefined) {
  throw new Error('usage: reaper.ts <run directory> <owner pid> [<temporary directory>]');
}

await finished(process.stdin.resume());
// Another start may already use the directory; only what the dead owner started is ended.
await stopRunning(listRunning(runDirectory).filter((record) => record.ownerPid === Number(ownerPid)));
if (temporaryDirectory !== undefined) rmSync(temporaryDirectory, { recursive: true, force: true });
