import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { routes } from '../../../contracts/routes.ts';
import type { RouteAnswer, RouteContract } from '../../../contracts/routes.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { armFailpoint } from '../../harness/armed-failpoint.ts';
import { readControlState, readEntries, refuseEntries } from '../../harness/control-data.ts';
import { createExchange } from '../../harness/http-exchange.ts';
import type { Exchange, HttpRequest } from '../../harness/http-exchange.ts';
import { activeTenant, takeAll } from '../../harness/lifecycle.ts';
import { startInstallation } from '../../harness/installation.ts';
import type { Installation } from '../../harness/installation.ts';
import { declareBasics, tenantManifest } from '../../harness/manifests.ts';
import { until } from '../../harness/until.ts';

let installation: Installation;
let exchange: Exchange;
before(async () => {
  installation = await startInstallation(attachToStack());
  exchange = createExchange(installation);
  const api = installation.client();
  await declareBasics(api);
  await api.call('createTenant', { body: tenantManifest('draft') });
  await api.call('createTenant', { body: tenantManifest('changed') });
  await api.call('putTenant', { params: { name: 'changed' }, ifMatch: '*', body: tenantManifest('changed', { displayName: 'Changed' }) });
  const { body } = await api.call('createTenant', { body: tenantManifest('active', { lifecycle: 'Active' }) });
  await api.call('waitOperation', { params: { id: body.operation?.id ?? '' } });
  await exchange(put('/v1/plans/enterprise', plan('enterprise'), absent));
  for (const [name, verbs] of [['suspended', ['suspendTenant']], ['archived', ['suspendTenant', 'archiveTenant']], ['deleted', ['suspendTenant', 'archiveTenant', 'deleteTenant']], ['held', []], ['scheduled', []]] as const) {
    await activeTenant(api, name);
    await takeAll(api, name, verbs);
  }
  await exchange(verb('held', 'hold', { reason: 'a case' }));
  await exchange(verb('scheduled', 'change-plan', { plan: 'enterprise', time: '2126-01-01T00:00:00.000Z' }));
});
after(() => installation.stop());

const put = (path: string, body: object, precondition: Record<string, string>): HttpRequest => ({ method: 'PUT', path, body, headers: { 'idempotency-key': path, ...precondition } });
const absent = { 'if-none-match': '*' };
const exists = { 'if-match': '*' };
const plan = (name: string) => ({ apiVersion: 'tenure/v1', kind: 'Plan', metadata: { name }, spec: { isolationModes: ['dedicated'], quotas: { tables: 50 } } });
const region = (name: string) => ({ apiVersion: 'tenure/v1', kind: 'Region', metadata: { name }, spec: { jurisdiction: 'CH', cells: [{ name: `${name}-a` }] } });

const verb = (name: string, path: string, body: object = {}): HttpRequest => ({ method: 'POST', path: `/v1/tenants/${name}:${path}`, body, headers: { 'idempotency-key': `${name}-${path}-${JSON.stringify(body).length}`, ...exists } });

/** Changes by every route that changes something; each would be made if its entry could be written. */
const changes: Readonly<Record<string, readonly HttpRequest[]>> = {
  createTenant: [
    { method: 'POST', path: '/v1/tenants', body: tenantManifest('posted'), headers: { 'idempotency-key': 'posted' } },
    { method: 'POST', path: '/v1/tenants', body: tenantManifest('posted', { lifecycle: 'Active' }), headers: { 'idempotency-key': 'posted-active' } },
  ],
  putTenant: [
    put('/v1/tenants/put', tenantManifest('put'), absent),
    put('/v1/tenants/draft', tenantManifest('draft', { displayName: 'Draft' }), exists),
    put('/v1/tenants/draft', tenantManifest('draft', { lifecycle: 'Active' }), exists),
    put('/v1/tenants/active', tenantManifest('active', { displayName: 'Active' }), exists),
  ],
  activateTenant: [{ method: 'POST', path: '/v1/tenants/draft:activate', headers: { 'idempotency-key': 'activate', ...exists } }],
  rollbackTenant: [{ method: 'POST', path: '/v1/tenants/changed:rollback', body: { generation: 1 }, headers: { 'idempotency-key': 'rollback', ...exists } }],
  suspendTenant: [verb('active', 'suspend')],
  resumeTenant: [verb('suspended', 'resume')],
  archiveTenant: [verb('suspended', 'archive')],
  reactivateTenant: [verb('archived', 'reactivate')],
  deleteTenant: [{ method: 'DELETE', path: '/v1/tenants/draft', headers: { 'idempotency-key': 'delete', ...exists } }],
  undeleteTenant: [verb('deleted', 'undelete')],
  purgeTenant: [verb('deleted', 'purge', { early: true })],
  reconcileTenant: [verb('active', 'reconcile')],
  changePlanOfTenant: [verb('active', 'change-plan', { plan: 'enterprise' }), verb('active', 'change-plan', { plan: 'enterprise', time: '2126-01-01T00:00:00.000Z' })],
  cancelPlanChangeOfTenant: [verb('scheduled', 'cancel-plan-change')],
  holdTenant: [verb('active', 'hold', { reason: 'a case' })],
  releaseHoldOfTenant: [verb('held', 'release-hold')],
  openTenant: [{ method: 'POST', path: '/v1/tenants/active:open', body: {} }],
  putPlan: [put('/v1/plans/put', plan('put'), absent), put('/v1/plans/startup', plan('startup'), exists)],
  putRegion: [put('/v1/regions/put', region('put'), absent), put('/v1/regions/us-east-1', region('us-east-1'), exists)],
};

for (const [id, contract] of Object.entries<RouteContract>(routes)) {
  // A cancellation is of an operation that runs: the last test has those.
  if (contract.method === 'GET' || id === 'cancelOperation') continue;
  test(`${id}: what cannot be written into the ledger is not done, nor is its refusal passed off as decided`, async () => {
    const requests = changes[id];
    assert.ok(requests !== undefined, `a route that changes something is not tested: ${id}`);
    const state = await readControlState(installation);
    const entries = (await readEntries(installation)).length;
    const lift = await refuseEntries(installation);
    try {
      for (const request of requests) {
        const answer = await exchange(request);
        assert.equal(answer.problem().code, 'control_unavailable', answer.text);
        const refused = await exchange({ ...request, who: { roles: ['viewer'] } });
        assert.equal(refused.status, 503, `a refusal that cannot be recorded: ${refused.text}`);
      }
      assert.deepEqual(await readControlState(installation), state);
    } finally {
      await lift();
    }
    assert.equal((await readEntries(installation)).length, entries);
  });
}

test('reads go on while no entry can be written', async () => {
  const lift = await refuseEntries(installation);
  try {
    for (const path of ['/v1/tenants', '/v1/tenants/active', '/v1/plans/startup', '/v1/operations']) assert.equal((await exchange({ path })).status, 200);
  } finally {
    await lift();
  }
});

/** What of an operation and its tenant only a checkpoint may move. */
async function standing(id: string): Promise<unknown> {
  const operation = (await exchange({ path: `/v1/operations/${id}` })).json<RouteAnswer<'getOperation'>>();
  const { metadata, status } = (await exchange({ path: `/v1/tenants/${operation.tenant.name}` })).json<RouteAnswer<'getTenant'>>();
  return { state: operation.state, done: operation.steps.filter((step) => step.state === 'done').map((step) => step.key), revision: metadata.revision, lifecycle: status.lifecycle, placement: status.placement };
}

/** Places where an operation can stand when the ledger fails. */
const places = ['begin.before-commit', 'issue-keys.before-intent', 'create-roles.before-checkpoint', 'finish.before-commit'];
const failedAttempt = /"(beginOperation|ensureStep|finishOperation) failed"/;
/** More than an unexpected error is given. */
const attempts = 6;

test('operations stand still wherever they are while no entry can be written, and go on when it can', async () => {
  // Each failpoint holds the first operation that comes to it, so each operation stands at another place.
  const held = await Promise.all(
    places.map(async (place, index) => {
      const failpoint = armFailpoint(installation, place, 'pause');
      const name = `held-${index}`;
      const { operation } = (await exchange(put(`/v1/tenants/${name}`, tenantManifest(name, { lifecycle: 'Active' }), absent))).json<RouteAnswer<'putTenant'>>();
      return { failpoint, id: operation?.id ?? '' };
    }),
  );
  await Promise.all(held.map(({ failpoint }) => failpoint.hit()));
  const lift = await refuseEntries(installation);
  try {
    const look = () => Promise.all(held.map(async ({ id }) => ({ standing: await standing(id), entries: (await readEntries(installation, { operationId: id })).length })));
    const before = await look();
    assert.equal((await exchange({ method: 'POST', path: `/v1/operations/${held[0]?.id}:cancel` })).problem().code, 'control_unavailable');
    for (const { failpoint } of held) failpoint.release();
    for (const { id } of held) {
      await until(`operation ${id} has failed ${attempts} times to write its entry`, () => {
        const lines = installation.worker.output().split('\n').filter((line) => line.includes(id) && failedAttempt.test(line));
        return lines.length >= attempts;
      });
    }
    assert.deepEqual(await look(), before);
  } finally {
    await lift();
  }
  for (const { id } of held) {
    const ended = await exchange({ path: `/v1/operations/${id}:wait` });
    assert.equal(ended.json<RouteAnswer<'getOperation'>>().state, 'succeeded', ended.text);
  }
});
