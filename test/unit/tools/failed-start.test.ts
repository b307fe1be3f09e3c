import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';

import { OperatorError } from '../../../tools/process/operator-error.ts';
import { openDataDirectory } from '../../../tools/stack/data-directory.ts';
import { createManagedProcess } from '../../../tools/stack/managed-process.ts';

const directory = mkdtempSync(join(tmpdir(), 'tenure-start-'));
describe('failed start', () => {
  after(() => rmSync(directory, { recursive: true }));

  test('a disk with too little space is reported before anything is started, and one with just enough is used', () => {
    const path = join(directory, 'data');
    const opens = (free: number) => () => openDataDirectory(path, () => free).release();
    assert.throws(
      opens(999_999_999),
      new OperatorError(
        `the disk of the data directory ${path} has 999 MB left, but 1000 MB are needed; set TENURE_DATA_DIR to a writable directory with enough space`,
      ),
    );
    assert.doesNotThrow(opens(1_000_000_000));
  });

  test('the journals of an earlier start are deducted from the required space', () => {
    const path = join(directory, 'again');
    const journal = join(path, 'mongod', 'control', 'journal');
    mkdirSync(journal, { recursive: true });
    writeFileSync(join(journal, 'WiredTigerLog.0000000001'), Buffer.alloc(50_000_000, 1));
    const opens = (free: number) => () => openDataDirectory(path, () => free).release();
    assert.doesNotThrow(opens(951_000_000));
    assert.throws(opens(949_000_000), OperatorError);
  });

  const fatal = '{"s":"F","msg":"WiredTiger error","attr":{"message":"No space left on device"}}';

  async function failureOf(log: string, dataPath?: string): Promise<unknown> {
    const file = join(directory, 'process.log');
    const script = `console.log(${JSON.stringify(log)}); process.exit(14)`;
    const managed = createManagedProcess({
      name: 'mongod-x',
      command: process.execPath,
      arguments: ['-e', script],
      runDirectory: directory,
      openLog: () => (writeFileSync(file, ''), file),
      ...(dataPath === undefined ? {} : { dataPath }),
    });
    managed.spawn();
    await managed.exited();
    return managed.waitUntilReady(async () => undefined, 10_000).catch((error: unknown) => error);
  }

  test('a process that ends during its start is reported in one line: the cause from its log, and the fix', async () => {
    const log = `last error in its log ${join(directory, 'process.log')}:`;
    const fix = 'free space on the disk, or remove /data/x to start without its data, and start again';
    assert.deepEqual(
      await failureOf(`${fatal}\n{"s":"I","msg":"Now exiting"}`, '/data/x'),
      new OperatorError(`mongod-x exited during startup; ${log} ${fatal}; ${fix}`),
    );
    assert.deepEqual(
      await failureOf('one\ntwo'),
      new OperatorError(`mongod-x exited during startup; ${log} two; fix this, and start again`),
    );
  });
});
