import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { acquireTool } from '../../../tools/toolchain/acquire.ts';
import type { AcquireOptions } from '../../../tools/toolchain/acquire.ts';
import type { Source } from '../../../tools/toolchain/sources.ts';
import { opa } from '../../../tools/toolchain/tools.ts';

let directory: string;
let lines: string[];
let fetched: number;
const originalPath = process.env['PATH'];

describe('acquire', () => {
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'tenure-acquire-'));
    lines = [];
    fetched = 0;
    mkdirSync(join(directory, 'bin'));
    // Only the folder of the binaries below, so that an opa of this machine is not found.
    process.env['PATH'] = join(directory, 'bin');
  });
  afterEach(() => {
    process.env['PATH'] = originalPath;
    rmSync(directory, { recursive: true, force: true });
  });

  /** A program that prints this version as that of opa. */
  function writeBinary(path: string, version: string): string {
    writeFileSync(path, `#!/bin/sh\necho "Version: ${version}"\n`);
    chmodSync(path, 0o755);
    return path;
  }

  function options(sources: readonly Source[], environment: NodeJS.ProcessEnv = {}): AcquireOptions {
    return {
      environment: { TENURE_TOOL_CACHE: join(directory, 'cache'), ...environment },
      report: (line) => lines.push(line),
      sources: { temporal: [], mongod: [], opa: sources, schemathesis: [] },
    };
  }

  const unreachable: Source = {
    label: 'download',
    async obtain() {
      throw new Error('host not reachable');
    },
  };

  function working(version: string): Source {
    return {
      label: 'build',
      async obtain(place) {
        fetched += 1;
        return writeBinary(join(place, 'whatever'), version);
      },
    };
  }

  test('the binary that the variable names is used', async () => {
    const own = writeBinary(join(directory, 'own'), '1.4.0');
    assert.equal(await acquireTool(opa, options([], { TENURE_OPA: own })), own);
  });

  test('a bad path or version in the variable is an error without a fallback', async () => {
    const old = writeBinary(join(directory, 'old'), '0.68.0');
    const sources = [working('1.22.0')];
    await assert.rejects(
      acquireTool(opa, options(sources, { TENURE_OPA: old })),
      /TENURE_OPA=.*old version 0\.68\.0 is not supported; supported: OPA 1\.x; set it to the path of/,
    );
    await assert.rejects(
      acquireTool(opa, options(sources, { TENURE_OPA: '/nowhere/opa' })),
      /TENURE_OPA=\/nowhere\/opa does not run .*ENOENT/,
    );
    assert.equal(fetched, 0);
  });

  test('a supported binary on PATH is used; an unsupported one is skipped and reported', async () => {
    writeBinary(join(directory, 'bin', 'opa'), '1.9.9');
    assert.equal(await acquireTool(opa, options([working('1.22.0')])), 'opa');
    writeBinary(join(directory, 'bin', 'opa'), '0.1.0');
    await acquireTool(opa, options([working('1.22.0')]));
    assert.match(
      lines[0] ?? '',
      /^opa: on PATH: version 0\.1\.0 is not supported; supported: OPA 1\.x; build: 1\.22\.0 in \d/,
    );
  });

  test('the sources are tried in order, the result is cached, and nothing is fetched the next time', async () => {
    const path = await acquireTool(opa, options([unreachable, working('1.22.0')]));
    assert.match(
      lines[0] ?? '',
      /^opa: not on PATH; download: host not reachable \(\d\.\d s\); build: 1\.22\.0 in \d\.\d s$/,
    );
    assert.equal(await acquireTool(opa, options([unreachable])), path);
    assert.equal(fetched, 1);
    assert.deepEqual(readdirSync(join(path, '..', '..')), ['1.22.0']);
  });

  test('a binary that does not run or is not supported is not cached', async () => {
    await assert.rejects(
      acquireTool(opa, options([working('0.9.0')])),
      /opa is required but could not be installed: not on PATH; build: version 0\.9\.0 is not supported; .*Fix: install OPA 1\.22 .*, or set TENURE_OPA/,
    );
  });

  test('two simultaneous calls fetch once', async () => {
    const slow: Source = {
      label: 'build',
      async obtain(place) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        return await working('1.22.0').obtain(place);
      },
    };
    const [first, second] = await Promise.all([acquireTool(opa, options([slow])), acquireTool(opa, options([slow]))]);
    assert.equal(first, second);
    assert.equal(fetched, 1);
  });

  test('an unusable cache is reported with the variable to set', async () => {
    writeFileSync(join(directory, 'file'), '');
    await assert.rejects(
      acquireTool(opa, options([], { TENURE_TOOL_CACHE: join(directory, 'file') })),
      /tool cache .* cannot be used .*set TENURE_TOOL_CACHE/,
    );
  });
});
