import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import type { ReplayWorkerOptions, WorkflowBundle } from '@temporalio/worker';
import { readKeyring } from '../../platform/config-files.ts';
import { createDataConverter } from '../../platform/temporal-client.ts';
import * as workflows from '../../workflows/index.ts';
import { bundleWorkflows } from '../../workers/workflow-bundle.ts';
import { scenarios } from './scenarios.ts';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const recorded = path('./recorded');
/** Histories of an earlier build that this build would not produce any more. */
const recordedBefore = path('./recorded-before');
const filesIn = (directory: string): string[] => readdirSync(directory).filter((name) => name.endsWith('.json'));
const files = filesIn(recorded);
const dataConverter = createDataConverter(readKeyring('codec keyring', path('./codec-keyring.json'), 'any'));

function replay(workflowBundle: WorkflowBundle, file: string, directory = recorded): Promise<void> {
  const options: ReplayWorkerOptions = { workflowBundle, dataConverter };
  return Worker.runReplayHistory(options, historyFromJSON(JSON.parse(readFileSync(join(directory, file), 'utf8'))));
}

// Otherwise the SDK logs every replay worker, and the violation that one test causes on purpose.
Runtime.install({
  logger: new DefaultLogger('ERROR', () => undefined),
  telemetryOptions: { logging: { forward: {}, filter: 'OFF' } },
});

let bundle: WorkflowBundle;
before(async () => {
  bundle = await bundleWorkflows();
});

test('every scenario has a recorded history, and so does every workflow type', () => {
  assert.deepEqual(
    files.map((file) => file.replace('.json', '')).toSorted(),
    scenarios.map(({ name }) => name).toSorted(),
  );
  for (const type of Object.keys(workflows))
    assert.ok(
      files.some((file) => file.startsWith(type)),
      `${type} has no recorded history`,
    );
});

for (const file of files) {
  test(`the current workflows replay ${file}, so running operations survive this build`, () => replay(bundle, file));
}

for (const file of filesIn(recordedBefore)) {
  test(`the current workflows replay ${file} as an earlier build ran it`, () => replay(bundle, file, recordedBefore));
}

test('a change that running operations would not survive is detected', async () => {
  const logger = { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} };
  const broken = await bundleWorkflowCode({
    workflowsPath: path('./broken/workflows.ts'),
    failureConverterPath: path('../../platform/payload-codec/failure-converter.ts'),
    logger,
  });
  await assert.rejects(replay(broken, 'activate-succeeded.json'), DeterminismViolationError);
});

test('a recorded history contains no plaintext of the workflow input', () => {
  for (const file of files.filter((name) => name.startsWith('activate'))) {
    const text = readFileSync(join(recorded, file), 'utf8');
    const payloads = [...text.matchAll(/"data": ?"([^"]+)"/g)].map(([, data]) =>
      Buffer.from(data ?? '', 'base64').toString('latin1'),
    );
    assert.ok(payloads.length > 0);
    assert.equal(
      payloads.some((payload) => payload.includes('correlationId')),
      false,
      file,
    );
  }
});
