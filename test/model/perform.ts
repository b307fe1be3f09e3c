import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { ApiError } from '../../client/api-error.ts';
import { until } from '../harness/until.ts';
import { allowedIn } from './allowed.ts';
import { concluded, settle, worldsOf } from './checking.ts';
import type { Model } from './checking.ts';
import { killApi, killMongod, killWorker } from './kills.ts';
import type { Performing } from './performing.ts';
import { everythingOf } from './request.ts';
import { tenantsOf } from './step.ts';
import type { Step, StepOf } from './step.ts';
import { whileItStands } from './while-it-stands.ts';
import { withEvent } from './world.ts';
import type { ModelTenant, World } from './world.ts';

/** Performs one step against the API, and compares everything that results with the model. */
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
    case 'refusals':
      await refusals(performing, step);
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

async function underOneKey({ model, run }: Performing, { request, how }: StepOf<'repeat'>): Promise<void> {
  const key = randomUUID();
  if (how === 'at-once') {
    const both = await Promise.all([run.send(request, { key }), run.send(request, { key })]);
    const kept = both.find(({ answer }) => answer.kind === 'done');
    for (const { answer, text } of both)
      if (answer.kind === 'replayed') assert.equal(text, kept?.text, 'the replayed answer is the original answer');
    assert.ok(
      both.some(({ answer }) => answer.kind !== 'key' && answer.kind !== 'replayed'),
      'at least one of the two requests gets its own answer',
    );
    assert.ok(both.filter(({ answer }) => answer.kind === 'done').length <= 1, 'one key has one successful answer');
    concluded(model, both);
    return;
  }
  const first = await run.send(request, { key });
  concluded(model, [first]);
  const second = await run.send(
    how === 'later' ? request : { do: 'hold', tenant: request.tenant, reason: 'something else' },
    { key },
  );
  const { kind } = second.answer;
  // A refusal does not use up its key.
  if (first.answer.kind !== 'done' && kind !== 'replayed' && kind !== 'key') {
    concluded(model, [second]);
    return;
  }
  if (how === 'later')
    assert.deepEqual(
      [kind, second.text],
      ['replayed', first.text],
      'a repeated request gets the same answer, byte for byte',
    );
  else assert.deepEqual(second.answer, { kind: 'key', code: 'idempotency_key_reused' });
}

async function refusals({ model, run }: Performing, { tenant }: StepOf<'refusals'>): Promise<void> {
  for (const request of everythingOf(tenant)) {
    const isRefused = worldsOf(model, tenant).every((world) =>
      allowedIn(world, request).every((one) => 'refused' in one),
    );
    if (isRefused) concluded(model, [await run.send(request)]);
  }
}

/** Changes what the model knows about an idle tenant. */
function change(model: Model, key: StepOf<'write'>['tenant'], to: (tenant: ModelTenant, world: World) => World): void {
  model.worlds.set(
    key,
    worldsOf(model, key).map((world) => (world.tenant === null ? world : to(world.tenant, world))),
  );
}

async function write({ model, run }: Performing, { tenant }: StepOf<'write'>): Promise<void> {
  const refused = await run.write(tenant).then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof ApiError) return error.code;
      throw error;
    },
  );
  const [world] = worldsOf(model, tenant);
  const expected = world?.tenant == null ? 'not_found' : world.tenant.state === 'Active' ? undefined : 'policy_refused';
  assert.equal(refused, expected, 'only an Active tenant can be opened');
  if (refused === undefined)
    change(model, tenant, (found, before) => ({ ...before, tenant: { ...found, documents: found.documents + 1 } }));
}

/** A test cannot wait ninety days, so this changes the time and starts a sweep. */
async function timeComes(
  { model, run, temporal }: Performing,
  { step, tenant: key }: StepOf<'purge-time' | 'plan-time'>,
): Promise<void> {
  const { control, databases, store, taskQueue } = run.installation;
  const name = run.name(key);
  const field = step === 'purge-time' ? 'deletion' : 'scheduledPlan';
  await control
    .db(databases.control)
    .collection('resources')
    .updateOne(
      { name, [field]: { $ne: null } },
      { $set: { [`${field}.${step === 'purge-time' ? 'purgeTime' : 'time'}`]: new Date() } },
    );
  await temporal.workflow.start('sweep', { workflowId: `sweep-now/${randomUUID()}`, taskQueue, args: [{ turns: 1 }] });
  await until(`the due work of ${name} is done`, async () => {
    const found = await store.resources.find('Tenant', name);
    return step === 'purge-time' ? found === undefined : found?.scheduledPlan === null && found.operation === null;
  });
  change(model, key, (tenant, world) => {
    if (step === 'purge-time')
      return { ...world, tenant: null, past: [...world.past, withEvent(tenant, 'purged').events] };
    const { scheduled: plan } = tenant;
    if (plan === null || plan === tenant.plan)
      return { ...world, tenant: withEvent({ ...tenant, scheduled: null }, 'plan_change_unscheduled') };
    return {
      ...world,
      tenant: withEvent(
        { ...tenant, plan, bound: plan, scheduled: null, takenBack: false, owned: { ...tenant.owned, plan: true } },
        'plan_changed',
      ),
    };
  });
}
