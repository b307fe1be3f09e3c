import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { areDependenciesCurrent, explainFailure } from '../../../tools/process/dependencies.mjs';

const locked = {
  a: { version: '1.0.0', integrity: 'sha512-a' },
  forOtherPlatforms: { version: '1.0.0', optional: true },
};
let clone: string;

describe('dependencies', () => {
  beforeEach(() => {
    clone = mkdtempSync(join(tmpdir(), 'tenure-clone-'));
    writeLock(locked);
    mkdirSync(join(clone, 'node_modules', '.bin'), { recursive: true });
    writeFileSync(join(clone, 'node_modules', '.bin', 'node'), '');
    mkdirSync(join(clone, 'node_modules', 'a'));
  });
  afterEach(() => rmSync(clone, { recursive: true, force: true }));

  function packages(list: Readonly<Record<string, object>>): string {
    return JSON.stringify({
      packages: {
        '': {},
        ...Object.fromEntries(Object.entries(list).map(([name, entry]) => [`node_modules/${name}`, entry])),
      },
    });
  }

  function writeLock(list: Readonly<Record<string, object>>): void {
    writeFileSync(join(clone, 'package-lock.json'), packages(list));
  }

  function writeRecord(list: Readonly<Record<string, object>>): void {
    const { packages: all } = JSON.parse(packages(list)) as { packages: Record<string, object> };
    delete all[''];
    writeFileSync(join(clone, 'node_modules', '.package-lock.json'), JSON.stringify({ packages: all }));
  }

  function writeStamp(): void {
    const text = packages(locked);
    writeFileSync(join(clone, 'node_modules', '.tenure-lock-hash'), createHash('sha256').update(text).digest('hex'));
  }

  test('a missing or interrupted installation is not current', () => {
    assert.equal(areDependenciesCurrent(clone), false);
  });

  test('the stamp of this lock file counts, the stamp of another does not', () => {
    writeStamp();
    assert.equal(areDependenciesCurrent(clone), true);
    writeLock({ ...locked, b: { version: '1.0.0' } });
    assert.equal(areDependenciesCurrent(clone), false);
  });

  test('a stamp without the pinned Node does not count', () => {
    writeStamp();
    rmSync(join(clone, 'node_modules', '.bin', 'node'));
    assert.equal(areDependenciesCurrent(clone), false);
  });

  test("without a stamp npm's own record decides; packages for other platforms may be absent", () => {
    writeRecord({ a: locked.a });
    assert.equal(areDependenciesCurrent(clone), true);
  });

  test('a record with another version, a missing or an extra package is not current', () => {
    writeRecord({ a: { ...locked.a, version: '1.0.1' } });
    assert.equal(areDependenciesCurrent(clone), false);
    writeRecord({});
    assert.equal(areDependenciesCurrent(clone), false);
    writeRecord({ a: locked.a, b: { version: '1.0.0' } });
    assert.equal(areDependenciesCurrent(clone), false);
  });

  test('a recorded package whose folder is gone is not current', () => {
    writeRecord({ a: locked.a });
    rmSync(join(clone, 'node_modules', 'a'), { recursive: true });
    assert.equal(areDependenciesCurrent(clone), false);
  });

  test('failures of npm are explained with their fix', () => {
    assert.match(explainFailure('npm error code ENOSPC'), /disk is full/);
    assert.match(explainFailure('npm error code EACCES'), /may not write/);
    assert.match(explainFailure('npm error code ENOTFOUND'), /registry cannot be reached/);
    assert.match(explainFailure('npm error code E404'), /registry does not have a package/);
    assert.match(explainFailure('npm error code EUSAGE'), /npm install/);
    assert.equal(explainFailure('npm error something else'), 'see the log');
  });
});
