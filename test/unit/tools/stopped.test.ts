import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { pollUntil } from '../../../tools/process/poll-until.ts';
import { hasStopped } from '../../../tools/process/stopped.ts';

test(
  'a process has stopped when all its threads have',
  { skip: process.platform !== 'linux' && 'needs /proc' },
  async () => {
    const busy = spawn(process.execPath, ['--eval', 'console.log("up"); for (;;);'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      await once(busy.stdout, 'data');
      assert.equal(hasStopped(busy.pid!), false);
      busy.kill('SIGSTOP');
      await pollUntil(() => hasStopped(busy.pid!) || undefined, {
        timeoutMs: 60_000,
        intervalMs: 1,
        onTimeout: () => new Error('it did not stop'),
      });
      busy.kill('SIGCONT');
      assert.equal(hasStopped(busy.pid!), false);
    } finally {
      busy.kill('SIGKILL');
    }
  },
);
