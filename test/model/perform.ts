import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { ApiError } from '../../client/api-error.ts';
import type { EmbeddedStack } from '../../tools/stack/embedded-stack.ts';
import { sweepScheduleId } from '../../workers/schedules.ts';
import { armFailpoint } from '../harness/armed-failpoint.ts';
import { until } from '../harness/until.ts';
import { concluded, diverged, settle, worldsOf } from './checking.ts';
import type { Model } from './checking.ts';
import { after, eventually, standing } from './possible.ts';
import type { ModelRun, Sent } from './run.ts';
import { failpointOf, standingAt, tenantsOf } from './step.ts';
import type { Step, StepOf } from './step.ts';
import { withEvent } from './world.ts';
import type { ModelTenant, World } from './world.ts';

export interface Performing {
  readonly model: Model;
  readonly run: ModelRun;
  readonly temporal: Client;
  /** The stack, where it is the model's own, so that its databases may be killed. */
  readonly stack: Pick<EmbeddedStack, 'mongodHandle'> | undefined;
}

/** An attempt that is stopped longer than this may have been given up by Temporal: then nobody knows where it stands. */
const surelyStandsMs = 5_000;

/** Does one step for real, and holds everything that comes of it against the model. */
export async function perform(performing: Performing, step: Step): Promise<void> {
  const { model, run } = performing;
  switch (step.step) {
    case 'send':
      concluded(model, [await run.send(step.request)]);
      break;
    case 'race':
      concluded(model, await Promise.all(step.requests.map((request) => run.send(request))));
      break;
    case 'while':
      await whileItStands(performing, step);
      break;
    case 'repeat':
      await underOneKey(performing, step);
      break;
    case 'kill-worker':
      await killWorker(performing, step);
      break;
    case 'kill-api':
      await killApi(performing, step);
      break;
    case 'kill-mongod':
      await killMongod(performing, step);
      break;
    case 'write':
      await write(performing, step);
      break;
    case 'purge-time':
    case 'plan-time':
      await timeComes(performing, step);
      break;
  }
  for (const tenant of tenantsOf(step)) await settle(model, run, tenant);
}

/** Resolves when the failpoint is reached; to `false` when the request began nothing, or it ended without coming by. */
async function reached({ model, run }: Performing, name: string, { answer, request }: Sent): Promise<boolean> {
  const path = join(run.installation.failpointDirectory, name);
  const operation = answer.kind === 'done' ? answer.operation : null;
  const isNew = operation !== null && worldsOf(model, request.tenant).every(({ ended, tenant }) => ended[operation] === undefined && tenant?.operation?.id !== operation);
  const hit = isNew && (await until(`${name} is reached or passed by`, async () => (existsSync(`${path}.hit`) ? 'hit' : (await run.endOf(operation)) === undefined ? undefined : 'ended'), 120_000)) === 'hit';
  if (!hit) rmSync(path, { force: true });
  return hit || existsSync(`${path}.hit`);
}

async function whileItStands(performing: Performing, { request, at, others }: StepOf<'while'>): Promise<void> {
  const { model, run } = performing;
  const name = failpointOf(at, request);
  const failpoint = armFailpoint(run.installation, name, 'pause');
  try {
    const first = await run.send(request);
    if (!(await reached(performing, name, first)) || first.answer.kind !== 'done' || first.answer.operation === null) {
      concluded(model, [first]);
      for (const other of others) concluded(model, [await run.send(other)]);
      return;
    }
    const since = performance.now();
    const sent: Sent[] = [];
    for (const other of others) sent.push(await run.send(other));
    const surely = performance.now() - since < surelyStandsMs;
    const about = request.tenant;
    const before = worldsOf(model, about);
    const began = after(before, first);
    let worlds = surely ? standing(began, first.answer.operation, standingAt(at, request)) : eventually(began);
    for (const one of sent.filter(({ request: { tenant } }) => tenant === about)) {
      // What is told to stop may do so before it is let go on.
      const next = after(surely ? eventually(worlds, ['cancelled']) : eventually(worlds), one);
      if (next.length === 0) throw diverged(worlds, [one], `while ${name} held the operation`);
      worlds = next;
    }
    if (worlds.length === 0) throw diverged(before, [first], 'the operation that is to be stopped');
    model.worlds.set(about, worlds);
    for (const one of sent.filter(({ request: { tenant } }) => tenant !== about)) concluded(model, [one]);
  } finally {
    failpoint.release();
  }
}

async function underOneKey({ model, run }: Performing, { request, how }: StepOf<'repeat'>): Promise<void> {
  const key = crypto.randomUUID();
  if (how === 'at-once') {
    const both = await Promise.all([run.send(request, { key }), run.send(request, { key })]);
    const kept = both.find(({ answer }) => answer.kind === 'done');
    for (const { answer, text } of both) if (answer.kind === 'replayed') assert.equal(text, kept?.text, 'what is replayed is what was answered');
    assert.ok(both.some(({ answer }) => answer.kind !== 'key' && answer.kind !== 'replayed'), 'one of two is answered for itself');
    concluded(model, both);
    return;
  }
  const [before] = worldsOf(model, request.tenant);
  const first = await run.send(request, { key });
  concluded(model, [first]);
  const changed = first.answer.kind === 'done' && worldsOf(model, request.tenant).some((world) => before === undefined || world.moved !== before.moved || world.tenant !== before.tenant);
  const second = await run.send(how === 'later' ? request : { do: 'hold', tenant: request.tenant, reason: 'something else' }, { key });
  if (!changed) {
    concluded(model, [second]);
    return;
  }
  const { kind } = second.answer;
  if (how === 'later') assert.deepEqual([kind, second.text], ['replayed', first.text], 'a repetition is answered as before, byte for byte');
  else assert.deepEqual(second.answer, { kind: 'key', code: 'idempotency_key_reused' });
}

async function killWorker(performing: Performing, { request, at }: StepOf<'kill-worker'>): Promise<void> {
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

async function killApi({ model, run }: Performing, { requests, at }: StepOf<'kill-api'>): Promise<void> {
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

async function killMongod({ model, run, stack }: Performing, { set, requests }: StepOf<'kill-mongod'>): Promise<void> {
  if (stack === undefined) throw new Error('only the databases of a stack of its own are killed: run this with npm run test:model');
  const sending = requests.map((request) => run.send(request));
  await Promise.race(sending);
  await stack.mongodHandle(set).kill('SIGKILL');
  await stack.mongodHandle(set).start();
  const { api, worker, store } = run.installation;
  await Promise.all([api.ready(), worker.ready()]);
  await until('every cell is seen again', async () => [...(await store.cells.observations()).values()].every(({ reachable }) => reachable));
  concluded(model, await Promise.all(sending));
}

/** Changes what the model knows of a tenant on which nothing runs. */
function change(model: Model, key: StepOf<'write'>['tenant'], to: (tenant: ModelTenant, world: World) => World): void {
  model.worlds.set(key, worldsOf(model, key).map((world) => (world.tenant === null ? world : to(world.tenant, world))));
}

async function write({ model, run }: Performing, { tenant }: StepOf<'write'>): Promise<void> {
  const refused = await run.write(tenant).then(() => undefined, (error: unknown) => {
    if (error instanceof ApiError) return error.code;
    throw error;
  });
  const [world] = worldsOf(model, tenant);
  const expected = world?.tenant == null ? 'not_found' : world.tenant.state === 'Active' ? undefined : 'policy_refused';
  assert.equal(refused, expected, 'only an Active tenant is opened');
  if (refused === undefined) change(model, tenant, (found, before) => ({ ...before, tenant: { ...found, documents: found.documents + 1 } }));
}

/** Nobody waits ninety days for a test: the time is moved, and the sweep asked for. */
async function timeComes({ model, run, temporal }: Performing, { step, tenant: key }: StepOf<'purge-time' | 'plan-time'>): Promise<void> {
  const { control, databases, store, taskQueue } = run.installation;
  const name = run.name(key);
  const field = step === 'purge-time' ? 'deletion' : 'scheduledPlan';
  await control.db(databases.control).collection('resources').updateOne({ name, [field]: { $ne: null } }, { $set: { [`${field}.${step === 'purge-time' ? 'purgeTime' : 'time'}`]: new Date() } });
  // Where there is no schedule yet its worker makes it, and sweeps at once.
  await temporal.schedule.getHandle(sweepScheduleId(taskQueue)).trigger().catch(() => undefined);
  await until(`what is due of ${name} is done`, async () => {
    const found = await store.resources.find('Tenant', name);
    return step === 'purge-time' ? found === undefined : found?.scheduledPlan === null && found.operation === null;
  });
  change(model, key, (tenant, world) => {
    if (step === 'purge-time') return { ...world, tenant: null, past: [...world.past, withEvent(tenant, 'purged').events] };
    const { scheduled: plan } = tenant;
    if (plan === null || plan === tenant.plan) return { ...world, tenant: withEvent({ ...tenant, scheduled: null }, 'plan_change_unscheduled') };
    return { ...world, tenant: withEvent({ ...tenant, plan, bound: plan, scheduled: null, owned: { ...tenant.owned, plan: true } }, 'plan_changed') };
  });
}
