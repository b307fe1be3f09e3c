import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createFailpoints } from '../../../platform/failpoints.ts';

describe('a failpoint', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'tenure-failpoints-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));
  const arm = (name: string, action: string): void => writeFileSync(join(directory, name), action);

  it('does nothing without a directory', async () => {
    await createFailpoints(undefined).reach('accept.before-commit', 'acme');
  });

  it('does nothing until it is armed under its own name', async () => {
    arm('other', 'boom');
    await createFailpoints(directory).reach('place', 'acme');
    assert.ok(existsSync(join(directory, 'other')));
  });

  it('triggers only for the tenant that it is armed for', async () => {
    const failpoints = createFailpoints(directory);
    arm('place@acme', 'boom');
    await failpoints.reach('place', 'another');
    await assert.rejects(failpoints.reach('place', 'acme'), { message: 'boom' });
    await failpoints.reach('place', 'acme');
  });

  it('throws the text that it is armed with, once', async () => {
    const failpoints = createFailpoints(directory);
    arm('place', 'the disk is full\n');
    await assert.rejects(failpoints.reach('place', 'acme'), { message: 'the disk is full' });
    assert.ok(existsSync(join(directory, 'place.hit')));
    await failpoints.reach('place', 'acme');
  });

  it('triggers again when it is armed again', async () => {
    const failpoints = createFailpoints(directory);
    for (const text of ['first', 'second']) {
      arm('place', text);
      await assert.rejects(failpoints.reach('place', 'acme'), { message: text });
    }
  });

  it('triggers for one of several callers that reach it at the same time', async () => {
    arm('place', 'boom');
    const reached = await Promise.allSettled(
      [1, 2, 3].map(async () => await createFailpoints(directory).reach('place', 'acme')),
    );
    assert.deepEqual(reached.map(({ status }) => status).toSorted(), ['fulfilled', 'fulfilled', 'rejected']);
  });

  it('holds the first caller until it is released, and lets others pass', async () => {
    const failpoints = createFailpoints(directory);
    arm('place', 'pause');
    const passed: string[] = [];
    const reached = ['first', 'second'].map(async (who) => {
      await failpoints.reach('place', 'acme');
      passed.push(who);
    });
    try {
      // Long enough for several of its checks of the directory.
      await delay(50);
      assert.deepEqual(passed, ['second']);
    } finally {
      writeFileSync(join(directory, 'place.release'), '');
      await Promise.all(reached);
    }
    assert.deepEqual(passed, ['second', 'first']);
  });
});
