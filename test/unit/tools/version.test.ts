import assert from 'node:assert/strict';
import { test } from 'node:test';

import { mongod, opa, temporal } from '../../../tools/toolchain/tools.ts';
import { compareVersions, isInRange, readVersion } from '../../../tools/toolchain/version.ts';

test('the versions of released binaries and of builds from source are read', () => {
  assert.deepEqual(
    readVersion('temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)\n', temporal.versionPattern),
    [1, 29, 1],
  );
  assert.deepEqual(
    readVersion('temporal version 0.0.0-DEV (Server 1.29.1, UI 2.42.1)', temporal.versionPattern),
    [1, 29, 1],
  );
  assert.deepEqual(
    readVersion('db version v8.0.13\nBuild Info: {\n    "version": "8.0.13"', mongod.versionPattern),
    [8, 0, 13],
  );
  assert.deepEqual(readVersion('Version: 1.22.0\nBuild Commit: \nRego Version: v1', opa.versionPattern), [1, 22, 0]);
});

test('another program is not mistaken for the tool', () => {
  assert.equal(readVersion('OpenSSH 9.2.1', mongod.versionPattern), undefined);
});

test('versions are ordered by number, not by text', () => {
  assert.ok(compareVersions([8, 0, 13], [8, 0, 9]) > 0);
  assert.ok(compareVersions([6, 0, 5], [8, 0, 0]) < 0);
  assert.equal(compareVersions([1, 2, 3], [1, 2, 3]), 0);
});

test('a range includes its minimum and excludes its end', () => {
  assert.ok(isInRange([6, 0, 5], mongod.accepts));
  assert.ok(isInRange([8, 99, 99], mongod.accepts));
  assert.ok(!isInRange([6, 0, 4], mongod.accepts));
  assert.ok(!isInRange([9, 0, 0], mongod.accepts));
});
