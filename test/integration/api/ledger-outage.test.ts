import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { routes } from '../../../contracts/routes.ts';
import type { RouteAnswer, RouteContract } from '../../../contracts/routes.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { armFailpoint } from '../../harness/armed-failpoint.ts';
import { readControlState, readEntries, refuseEntries } from '../../harness/control-data.ts';
import { createExchange } from '../../harness/http-exchange.ts';
import type { Exchange, HttpRequest } from '../../harness/http-exchange.ts';
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
  const { body } = await api.call('createTenant', { body: tenantManifest('active', { lifecycle: 'Active' }) });
  await api.call('waitOperation', { params: { id: body.operation?.id ?? '' } });
});
after(() => installation.stop());

const put = (path: string, body: object, precondition: Record<string, string>): HttpRequest => ({ method: 'PUT', path, body, headers: { 'idempotency-key': path, ...precondition } });
const absent = { 'if-none-match': '*' };
const exists = { 'if-match': '*' };
const plan = (name: string) => ({ apiVersion: 'tenure/v1', kind: 'Plan', metadata: { name }, spec: { isolationModes: ['dedicated'], quotas: { tables: 50 } } });
const region = (name: string) => ({ apiVersion: 'tenure/v1', kind: 'Region', metadata: { name }, spec: { jurisdiction: 'CH', cells: [{ name: `${name}-a` }] } });

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
  openTenant: [{ method: 'POST', path: '/v1/tenants/active:open', body: {} }],
  putPlan: [put('/v1/plans/put', plan('put'), absent), put('/v1/plans/startup', plan('startup'), exists)],
  putRegion: [put('/v1/regions/put', region('put'), absent), put('/v1/regions/us-east-1', region('us-east-1'), exists)],
};

for (const [id, contract] of Object.entries<RouteContract>(routes)) {
  if (contract.method === 'GET') continue;
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

for (const { failpoint, failure } of [
  { failpoint: 'begin.before-commit', failure: 'beginOperation failed' },
  { failpoint: 'issue-keys.before-intent', failure: 'ensureStep failed' },
  { failpoint: 'create-roles.before-checkpoint', failure: 'ensureStep failed' },
  { failpoint: 'finish.before-commit', failure: 'finishOperation failed' },
]) {
  test(`a running operation does not pass ${failpoint} while no entry can be written, and goes on when it can`, async () => {
    const name = failpoint.replace('.', '-');
    const held = armFailpoint(installation, failpoint, 'pause');
    const { operation } = (await exchange(put(`/v1/tenants/${name}`, tenantManifest(name, { lifecycle: 'Active' }), absent))).json<RouteAnswer<'putTenant'>>();
    const id = operation?.id ?? '';
    await held.hit();
    const lift = await refuseEntries(installation);
    try {
      const before = await standing(id);
      const entries = (await readEntries(installation, { operationId: id })).length;
      const failures = (): number => installation.worker.output().split('\n').filter((line) => line.includes(id) && line.includes(failure)).length;
      held.release();
      // More attempts than an unexpected error is given.
      await until('the worker has tried six times in vain', () => failures() >= 6);
      assert.deepEqual(await standing(id), before);
      assert.equal((await readEntries(installation, { operationId: id })).length, entries);
    } finally {
      await lift();
    }
    const ended = await exchange({ path: `/v1/operations/${id}:wait` });
    assert.equal(ended.json<RouteAnswer<'getOperation'>>().state, 'succeeded', ended.text);
  });
}
