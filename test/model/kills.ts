import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { armFailpoint } from '../harness/armed-failpoint.ts';
import { until } from '../harness/until.ts';
import { concluded } from './checking.ts';
import { reached } from './performing.ts';
import type { Performing } from './performing.ts';
import { failpointOf } from './step.ts';
import type { StepOf } from './step.ts';

export async function killWorker(performing: Performing, { request, at }: StepOf<'kill-worker'>): Promise<void> {
  const { model, run } = performing;
  const { worker } = run.installation;
  const name = failpointOf(at, request);
  armFailpoint(run.installation, name, 'kill');
  const sent = await run.send(request);
  if (await reached(performing, name, sent)) {
    await worker.ended();
    worker.start();
  }
  concluded(model, [sent]);
}

export async function killApi({ model, run }: Performing, { requests, at }: StepOf<'kill-api'>): Promise<void> {
  const { api, failpointDirectory } = run.installation;
  if (at !== 'first-answer') armFailpoint(run.installation, at, 'kill');
  const sending = requests.map((request) => run.send(request, { mayBeLost: true }));
  if (at === 'first-answer') {
    await Promise.race(sending);
    await api.kill('SIGKILL');
  }
  const sent = await Promise.all(sending);
  if (at === 'first-answer' || existsSync(join(failpointDirectory, `${at}.hit`))) {
    await api.ended();
    api.start();
    await api.ready();
  } else {
    rmSync(join(failpointDirectory, at), { force: true });
  }
  concluded(model, await Promise.all(sent.map((one) => run.resolve(one))));
}

export async function killMongod(
  { model, run, stack }: Performing,
  { set, requests }: StepOf<'kill-mongod'>,
): Promise<void> {
  if (stack === undefined)
    throw new Error('databases can be killed only if the model has its own stack; run npm run test:model');
  const sending = requests.map((request) => run.send(request));
  await Promise.race(sending);
  await stack.mongodHandle(set).kill('SIGKILL');
  await stack.mongodHandle(set).start();
  const { api, worker, store } = run.installation;
  await Promise.all([api.ready(), worker.ready()]);
  await until('every cell is reachable again', async () =>
    [...(await store.cells.observations()).values()].every(({ reachable }) => reachable),
  );
  concluded(model, await Promise.all(sending));
}
