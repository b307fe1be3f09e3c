import assert from 'node:assert/strict';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, describe, test } from 'node:test';

import { complaints, readOutcomes, slowestFiles } from '../../../tools/testing/outcomes.ts';
import { selectTests } from '../../../tools/testing/selection.ts';
import { startTestRunner } from '../../../tools/testing/test-runner.ts';

const clone = mkdtempSync(join(tmpdir(), 'tenure-run-'));
describe('test run', () => {
  after(() => rmSync(clone, { recursive: true, force: true }));
  for (const [file, source] of Object.entries({
    'test/unit/a.test.ts':
      "import { test } from 'node:test';\ntest('runs', () => {});\ntest('waits', { skip: true }, () => {});\n",
    'test/unit/deep/b.test.ts': "import { test } from 'node:test';\ntest('runs too', () => {});\n",
    'test/integration/c.test.ts': '',
    'test/other/d.test.ts': '',
  })) {
    mkdirSync(join(clone, file, '..'), { recursive: true });
    writeFileSync(join(clone, file), source);
  }

  test('all groups run by default, with the stack', () => {
    assert.deepEqual(selectTests([], clone), {
      files: ['test/integration/c.test.ts', 'test/unit/a.test.ts', 'test/unit/deep/b.test.ts'],
      runnerArguments: [],
      needsStack: true,
    });
  });

  test('no test of this project is left out', () => {
    const root = fileURLToPath(new URL('../../..', import.meta.url));
    assert.deepEqual(selectTests([], root).files, globSync('test/**/*.test.ts', { cwd: root }).toSorted());
  });

  test('unit tests share a process, so each file keeps its hooks to itself', () => {
    const root = fileURLToPath(new URL('../../..', import.meta.url));
    const withGlobalHooks = globSync('test/unit/**/*.test.ts', { cwd: root }).filter((file) =>
      /^(?:before|after)(?:Each)?\(/m.test(readFileSync(join(root, file), 'utf8')),
    );
    assert.deepEqual(withGlobalHooks, []);
  });

  test('unit tests alone need no stack, however they were chosen', () => {
    assert.deepEqual(selectTests(['--unit'], clone).files, ['test/unit/a.test.ts', 'test/unit/deep/b.test.ts']);
    assert.equal(selectTests(['--unit'], clone).needsStack, false);
    assert.equal(selectTests(['test/unit/a.test.ts'], clone).needsStack, false);
    assert.equal(selectTests(['test/unit/a.test.ts', 'test/integration/c.test.ts'], clone).needsStack, true);
  });

  test('a folder selects the tests in it', () => {
    assert.deepEqual(selectTests(['test/unit'], clone).files, ['test/unit/a.test.ts', 'test/unit/deep/b.test.ts']);
  });

  test("options are passed to node's runner", () => {
    const selection = selectTests(['--test-name-pattern=x', 'test/unit/a.test.ts'], clone);
    assert.deepEqual(selection.runnerArguments, ['--test-name-pattern=x']);
    assert.deepEqual(selection.files, ['test/unit/a.test.ts']);
  });

  test('what ran and what was skipped is collected from the real runner', async () => {
    const outcomes = mkdtempSync(join(clone, 'outcomes-'));
    const { NODE_TEST_CONTEXT: _outerRun, ...environment } = process.env;
    const selection = selectTests(['--unit'], clone);
    const run = startTestRunner(selection, { clone, outcomes, environment, output: 'ignore' });
    assert.equal(await run.exitCode, 0);
    assert.deepEqual(readOutcomes(outcomes), [
      { test: 'test/unit/a.test.ts: runs', skipped: false },
      { test: 'test/unit/a.test.ts: waits', skipped: true },
      { test: 'test/unit/deep/b.test.ts: runs too', skipped: false },
    ]);
    const { slowest, total } = slowestFiles(outcomes, 1);
    assert.equal(slowest.length, 1);
    assert.ok((slowest[0]?.seconds ?? 0) > 0 && (slowest[0]?.seconds ?? 0) < total, 'two files ran');
  });

  test('a skip that is not listed fails the run', () => {
    const outcomes = [
      { test: 'a: runs', skipped: false },
      { test: 'a: waits', skipped: true },
    ];
    assert.match(complaints(outcomes, new Set())[0] ?? '', /not listed in test\/skipped\.json: "a: waits"/);
    assert.deepEqual(complaints(outcomes, new Set(['a: waits'])), []);
  });

  test('a run in which nothing ran fails', () => {
    assert.match(complaints([], new Set())[0] ?? '', /no test ran/);
    assert.match(complaints([{ test: 'a: waits', skipped: true }], new Set(['a: waits']))[0] ?? '', /no test ran/);
  });
});
