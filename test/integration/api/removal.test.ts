import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { ApiError } from '../../../client/api-error.ts';
import type { ApiClient } from '../../../client/api-client.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { armFailpoint } from '../../harness/armed-failpoint.ts';
import { entriesOf, readControlState } from '../../harness/control-data.ts';
import { borrowInstallation } from '../../harness/installation.ts';
import type { SharedInstallation } from '../../harness/installation.ts';
import { declareBasics, tenantManifest } from '../../harness/manifests.ts';
import { showCells } from '../../harness/seen-cells.ts';

let installation: SharedInstallation;
let api: ApiClient;
const apiVersion = 'tenure/v1' as const;
before(async () => {
  installation = await borrowInstallation(attachToStack(), { worker: false });
  api = installation.client();
  await declareBasics(api);
  await showCells(installation);
});
after(() => installation.stop());

/** How to declare, remove and read a resource of each kind. */
const kinds = {
  plan: {
    put: (name: string) =>
      api.call('putPlan', {
        params: { name },
        ifNoneMatch: '*',
        body: {
          apiVersion,
          kind: 'Plan',
          metadata: { name },
          spec: { isolationModes: ['dedicated'], quotas: { tables: 50 } },
        },
      }),
    remove: (name: string, with_: { ifMatch?: string; query?: { dryRun: 'true' }; idempotencyKey?: string } = {}) =>
      api.call('deletePlan', { params: { name }, ifMatch: '*', ...with_ }),
    get: (name: string) => api.call('getPlan', { params: { name } }),
  },
  region: {
    put: (name: string) =>
      api.call('putRegion', {
        params: { name },
        ifNoneMatch: '*',
        body: {
          apiVersion,
          kind: 'Region',
          metadata: { name },
          spec: { jurisdiction: 'EU', cells: [{ name: `${name}-a` }] },
        },
      }),
    remove: (name: string, with_: { ifMatch?: string; query?: { dryRun: 'true' }; idempotencyKey?: string } = {}) =>
      api.call('deleteRegion', { params: { name }, ifMatch: '*', ...with_ }),
    get: (name: string) => api.call('getRegion', { params: { name } }),
  },
  template: {
    put: (name: string) =>
      api.call('putTemplate', {
        params: { name },
        ifNoneMatch: '*',
        body: {
          apiVersion,
          kind: 'TenantTemplate',
          metadata: { name },
          spec: { services: [{ name: 'shop', collections: [{ name: 'orders' }] }] },
        },
      }),
    remove: (name: string, with_: { ifMatch?: string; query?: { dryRun: 'true' }; idempotencyKey?: string } = {}) =>
      api.call('deleteTemplate', { params: { name }, ifMatch: '*', ...with_ }),
    get: (name: string) => api.call('getTemplate', { params: { name } }),
  },
} as const;

const refusal = (work: Promise<unknown>): Promise<ApiError> =>
  work.then(
    () => assert.fail('it was not refused'),
    (error: unknown) => (error instanceof ApiError ? error : assert.fail(String(error))),
  );

for (const [kind, { put, remove, get }] of Object.entries(kinds)) {
  test(`a ${kind} that nothing uses is removed once, with an entry and its event; a dry run removes nothing`, async () => {
    const name = `unused-${kind}`;
    await put(name);
    const before = await readControlState(installation);
    assert.equal((await remove(name, { query: { dryRun: 'true' } })).body.metadata.name, name);
    assert.deepEqual(await readControlState(installation), before);
    assert.equal((await refusal(remove(name, { ifMatch: '"7"' }))).code, 'revision_stale');

    const idempotencyKey = randomUUID();
    const entries = await entriesOf(installation, () => remove(name, { ifMatch: '"1"', idempotencyKey }));
    assert.deepEqual(
      entries.map(({ action, outcome, event, previous, next }) => [
        action,
        outcome,
        event?.type,
        previous?.revision,
        next,
      ]),
      [[`${kind}.delete`, 'succeeded', `${kind}.deleted.v1`, 1, undefined]],
    );
    assert.equal((await refusal(get(name))).code, 'not_found');
    assert.equal(
      (await remove(name, { ifMatch: '"1"', idempotencyKey })).body.metadata.name,
      name,
      'a repeat with the same key gets the same answer',
    );
    assert.equal((await refusal(remove(name))).code, 'not_found');

    assert.equal((await put(name)).body.metadata.revision, 2, 'the new one is not mistaken for the old one');
    assert.equal((await refusal(remove(name, { ifMatch: '"1"' }))).code, 'revision_stale');
    await remove(name);
  });
}

test('a resource in use is not removed, and the refusal names its user', async () => {
  for (const [kind, { put }] of Object.entries(kinds))
    for (const use of ['spec', 'other']) await put(`${kind}-by-${use}`);
  const { services: _services, ...rest } = tenantManifest('using', {}).spec;
  await api.call('createTenant', {
    body: {
      apiVersion,
      kind: 'Tenant',
      metadata: { name: 'using' },
      spec: {
        ...rest,
        plan: 'plan-by-spec',
        template: { name: 'template-by-spec' },
        placement: { preferredRegion: 'region-by-spec' },
      },
    },
  });
  await api.call('createTenant', { body: tenantManifest('active', { lifecycle: 'Active' }) });
  await api.call('createTenant', { body: tenantManifest('later') });
  await api.call('startRollout', { params: { name: 'template-by-other' }, body: {}, idempotencyKey: randomUUID() });
  await api.call('putPlan', {
    params: { name: 'offering' },
    ifNoneMatch: '*',
    body: {
      apiVersion,
      kind: 'Plan',
      metadata: { name: 'offering' },
      spec: { isolationModes: ['dedicated'], allowedRegions: ['region-by-other'], quotas: { tables: 50 } },
    },
  });
  await installation.control
    .db(installation.databases.control)
    .collection('resources')
    .updateOne({ name: 'later' }, { $set: { facets: ['use:Plan/plan-by-other'] } });

  for (const [kind, { remove, get }] of Object.entries(kinds)) {
    for (const [use, user] of [
      ['spec', 'tenant "using"'],
      ['other', { plan: 'tenant "later"', region: 'plan "offering"', template: 'roll-out "' }[kind] ?? ''],
    ] as const) {
      const name = `${kind}-by-${use}`;
      let refused: ApiError | undefined;
      const entries = await entriesOf(installation, async () => (refused = await refusal(remove(name))));
      assert.equal(refused?.code, 'resource_in_use', name);
      assert.ok(
        refused.problem?.errors?.some(({ message }) => message.startsWith(user)),
        `${name}: ${JSON.stringify(refused.problem)}`,
      );
      assert.deepEqual(
        entries.map(({ action, outcome, reason }) => [action, outcome, reason]),
        [[`${kind}.delete`, 'denied', 'resource_in_use']],
      );
      await get(name);
    }
  }
});

test('a tenant that is created while its plan is removed is refused, as if it were created afterwards', async () => {
  await kinds.plan.put('momentary');
  const failpoint = armFailpoint(installation, 'accept.before-commit', 'pause');
  const creating = refusal(api.call('createTenant', { body: tenantManifest('too-late', { plan: 'momentary' }) }));
  await failpoint.hit();
  await kinds.plan.remove('momentary');
  failpoint.release();
  assert.ok(['policy_refused', 'revision_stale'].includes((await creating).code));
  assert.equal((await refusal(api.call('getTenant', { params: { name: 'too-late' } }))).code, 'not_found');
});
