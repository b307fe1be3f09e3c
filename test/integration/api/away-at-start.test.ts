import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { ApiClient } from '../../../client/api-client.ts';
import type { EmbeddedStack } from '../../../tools/stack/embedded-stack.ts';
import { freePorts } from '../../../tools/stack/ports.ts';
import { createTemporaryStack } from '../../../tools/stack/temporary-stack.ts';
import { startInstallation } from '../../harness/installation.ts';
import type { Installation } from '../../harness/installation.ts';
import { activeTenant } from '../../harness/lifecycle.ts';
import { declareBasics } from '../../harness/manifests.ts';
import { createServiceProcess } from '../../harness/service-process.ts';
import type { ServiceProcess } from '../../harness/service-process.ts';
import { until } from '../../harness/until.ts';

let stack: EmbeddedStack;
let installation: Installation;
let api: ApiClient;
before(async () => {
  stack = await createTemporaryStack();
  installation = await startInstallation(stack);
  api = installation.client();
  await declareBasics(api);
});
after(async () => {
  try {
    await installation.stop();
  } finally {
    await stack.stop();
  }
});

const american = { residency: { allowedRegions: ['us-east-1'] } };

/** What a process reports about its dependencies; `undefined` before it listens. */
async function told(
  port: string | undefined,
): Promise<{ readonly status: number; readonly checks: Record<string, string> } | undefined> {
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
  return answer === undefined
    ? undefined
    : { status: answer.status, ...((await answer.json()) as { checks: Record<string, string> }) };
}

const portOf = (process: 'API' | 'WORKER'): string | undefined =>
  installation.environment[`TENURE_${process}_OPS_PORT`];

/** Restarts processes while a part that they need is killed, and starts the part again once `seen` is true. */
async function startedWithout(
  part: { kill(signal: NodeJS.Signals): Promise<void>; start(): Promise<void> },
  processes: readonly ServiceProcess[],
  seen: () => Promise<unknown>,
): Promise<void> {
  await Promise.all(processes.map((process) => process.kill('SIGKILL')));
  await part.kill('SIGKILL');
  try {
    for (const process of processes) process.start();
    await until('the processes report what is unavailable', seen);
  } finally {
    await part.start();
  }
}

test('an API and a worker that start while the control database is unavailable report it, and recover when it is back', async () => {
  const { api: apiProcess, worker } = installation;
  const before = [apiProcess, worker].map((process) => process.output().length);
  const failed = (): boolean =>
    [apiProcess, worker].every((process, at) =>
      process.output().slice(before[at]).includes('waiting for control database'),
    );
  await startedWithout(stack.mongodHandle('control'), [apiProcess, worker], async () => {
    const [ofApi, ofWorker] = [await told(portOf('API')), await told(portOf('WORKER'))];
    if (ofApi === undefined || ofWorker === undefined || !failed()) return false;
    assert.deepEqual(
      [ofApi.status, ofApi.checks['control'], ofWorker.status, ofWorker.checks['control'], ofWorker.checks['process']],
      [503, 'failed', 503, 'failed', 'starting'],
    );
    return true;
  });
  await Promise.all([apiProcess.ready(), worker.ready()]);
  await activeTenant(api, 'after-control');
});

test('a worker that starts while a cell is unavailable is not ready and names the cell, serves other cells, and recovers when the cell is back', async () => {
  await startedWithout(stack.mongodHandle('us-east-1'), [installation.worker], async () => {
    const answer = await told(portOf('WORKER'));
    const ofApi = await told(portOf('API'));
    if (ofApi?.checks['cell us-east-1-a'] !== 'away' || ofApi.status !== 200) return false;
    return answer?.checks['cell us-east-1-a'] === 'failed' && answer.checks['process'] === undefined
      ? answer.status === 503 && answer.checks['cell eu-west-1-a'] === 'ok'
      : false;
  });
  await installation.worker.ready();
  await until(
    'the API sees that the cell is back',
    async () => (await installation.store.cells.observations()).get('us-east-1-a')?.reachable,
  );
  await activeTenant(api, 'after-cell', american);
});

test('a worker that starts while Temporal is unavailable waits for it', async () => {
  await startedWithout(
    stack.temporalServer,
    [installation.worker],
    async () => (await told(portOf('WORKER')))?.checks['temporal'] === 'failed',
  );
  await installation.worker.ready();
  await activeTenant(api, 'after-temporal');
});

test('a worker that cannot reach a cell leaves the operations of the cell to a worker that can', async () => {
  const cells = JSON.parse(readFileSync(installation.environment['TENURE_CELLS_FILE'] ?? '', 'utf8')) as Record<
    string,
    { uri: string }
  >;
  const { api: nowhere, workerOps } = await freePorts();
  const file = join(installation.failpointDirectory, 'blind-cells.json');
  writeFileSync(
    file,
    JSON.stringify({ ...cells, 'us-east-1-a': { uri: `mongodb://127.0.0.1:${nowhere}/?replicaSet=us-east-1` } }),
    { mode: 0o600 },
  );
  const blind = createServiceProcess({
    entry: 'workers/main.ts',
    environment: { ...installation.environment, TENURE_CELLS_FILE: file, TENURE_WORKER_OPS_PORT: String(workerOps) },
    opsPort: workerOps,
  });
  blind.start();
  try {
    await until('the second worker works without the cell', async () => {
      const answer = await told(String(workerOps));
      return answer?.checks['cell us-east-1-a'] === 'failed' && answer.checks['process'] === undefined;
    });
    await Promise.all(Array.from({ length: 8 }, (_, at) => activeTenant(api, `shared-${at}`, american)));
    assert.ok(blind.output().includes('another worker can reach it'), 'the worker without the cell had attempts too');
  } finally {
    await blind.kill('SIGKILL');
  }
});
