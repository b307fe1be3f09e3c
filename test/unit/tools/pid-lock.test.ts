import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';

import { acquirePidLock, LockHeldError, processIdentity, waitForPidLock } from '../../../tools/process/pid-lock.mjs';

const directory = mkdtempSync(join(tmpdir(), 'tenure-lock-'));
describe('pid lock', () => {
  after(() => rmSync(directory, { recursive: true, force: true }));

  test('a held lock is refused with its holder, and is free after its release', () => {
    const path = join(directory, 'held');
    const lock = acquirePidLock(path, 'testing');
    assert.throws(
      () => acquirePidLock(path, 'testing'),
      (error) =>
        error instanceof LockHeldError && error.holder.pid === process.pid && error.holder.purpose === 'testing',
    );
    lock.release();
    acquirePidLock(path, 'testing').release();
    assert.deepEqual(
      readdirSync(directory).filter((name) => name.startsWith('held')),
      [],
    );
  });

  test('the lock of a process that died is taken over', async () => {
    const path = join(directory, 'dead');
    const child = spawn(process.execPath, ['-e', '']);
    const identity = processIdentity(child.pid!);
    await new Promise((resolve) => child.once('exit', resolve));
    writeFileSync(path, JSON.stringify({ pid: child.pid, identity, purpose: 'testing' }));
    acquirePidLock(path, 'testing').release();
  });

  test('a living process that got the pid of a dead holder does not keep its lock', () => {
    const path = join(directory, 'reused');
    writeFileSync(path, JSON.stringify({ pid: process.pid, identity: 'an earlier process', purpose: 'testing' }));
    acquirePidLock(path, 'testing').release();
  });

  test('an incomplete lock file is taken over', () => {
    const path = join(directory, 'torn');
    writeFileSync(path, '{"pid":');
    acquirePidLock(path, 'testing').release();
  });

  test('of many processes that find a dead lock, only one at a time holds it', async () => {
    const path = join(directory, 'contended');
    const journal = join(directory, 'journal');
    const module = new URL('../../../tools/process/pid-lock.mjs', import.meta.url).href;
    writeFileSync(path, JSON.stringify({ pid: 2 ** 30, identity: 'gone', purpose: 'testing' }));
    // Each holder checks that there is no other holder, waits a moment, and releases the lock.
    const script = `
    import { rmSync, writeFileSync } from 'node:fs';
    import { waitForPidLock } from ${JSON.stringify(module)};
    const lock = await waitForPidLock(${JSON.stringify(path)}, 'testing', { timeoutMs: 20000, onWait: () => {} });
    writeFileSync(${JSON.stringify(journal)}, '', { flag: 'wx' });
    await new Promise((resolve) => setTimeout(resolve, 5));
    rmSync(${JSON.stringify(journal)});
    lock.release();`;
    const codes = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
        return await new Promise((resolve) => child.once('exit', resolve));
      }),
    );
    assert.deepEqual(codes, [0, 0, 0, 0, 0, 0]);
    assert.ok(!existsSync(path));
  });

  test('a waiting process learns once who holds the lock, and gives up at the time limit', async () => {
    const path = join(directory, 'waited');
    const lock = acquirePidLock(path, 'installing');
    const told: string[] = [];
    await assert.rejects(
      waitForPidLock(path, 'testing', { timeoutMs: 150, onWait: ({ purpose }) => told.push(purpose) }),
      LockHeldError,
    );
    assert.deepEqual(told, ['installing']);
    lock.release();
  });
});
