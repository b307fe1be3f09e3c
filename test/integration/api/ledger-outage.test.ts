import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { RouteAnswer, RouteId } from '../../../contracts/routes.ts';
import { armFailpoint } from '../../harness/armed-failpoint.ts';
import { entriesOf, readControlState, readEntries, refuseEntries } from '../../harness/control-data.ts';
import type { Exchange, HttpRequest } from '../../harness/http-exchange.ts';
import type { Installation } from '../../harness/installation.ts';
import { tenantManifest } from '../../harness/manifests.ts';
import { changingRoutes, startWithChanges, subjectOf } from '../../harness/route-changes.ts';
import { until } from '../../harness/until.ts';

let installation: Installation;
let exchange: Exchange;
let changes: ReadonlyMap<RouteId, HttpRequest>;
before(async () => {
  ({ installation, exchange, changes } = await startWithChanges());
});
after(() => installation.stop());

const put = (path: string, body: object, precondition: Record<string, string>): HttpRequest => ({
  method: 'PUT',
  path,
  body,
  headers: { 'idempotency-key': path, ...precondition },
});
const absent = { 'if-none-match': '*' };
const exists = { 'if-match': '*' };
const plan = (name: string) => ({
  apiVersion: 'tenure/v1',
  kind: 'Plan',
  metadata: { name },
  spec: { isolationModes: ['dedicated'], quotas: { tables: 50 } },
});
const region = (name: string) => ({
  apiVersion: 'tenure/v1',
  kind: 'Region',
  metadata: { name },
  spec: { jurisdiction: 'CH', cells: [{ name: `${name}-a` }] },
});
const template = (name: string) => ({
  apiVersion: 'tenure/v1',
  kind: 'TenantTemplate',
  metadata: { name },
  spec: { displayName: 'Changed' },
});
const [draft, active, rolledOut] = [subjectOf('activateTenant'), subjectOf('openTenant'), subjectOf('startRollout')];

/** How other changes by the same route differ from the first one. */
const variants: Partial<Record<RouteId, readonly Partial<HttpRequest>[]>> = {
  createTenant: [{ body: tenantManifest('posted', { lifecycle: 'Active' }) }],
  putTenant: [
    put(`/v1/tenants/${draft}`, tenantManifest(draft, { displayName: 'Draft' }), exists),
    put(`/v1/tenants/${draft}`, tenantManifest(draft, { lifecycle: 'Active' }), exists),
    put(`/v1/tenants/${active}`, tenantManifest(active, { displayName: 'Active' }), exists),
  ],
  changePlanOfTenant: [{ body: { plan: 'startup', time: '2126-01-01T00:00:00.000Z' } }],
  resumeRollout: [{ body: { skipFailed: true } }],
  putTemplate: [put(`/v1/templates/${rolledOut}`, template(rolledOut), exists)],
  putPlan: [put('/v1/plans/startup', plan('startup'), exists)],
  putRegion: [put('/v1/regions/us-east-1', region('us-east-1'), exists)],
};

for (const id of changingRoutes) {
  test(`${id}: a change or refusal whose entry cannot be written is answered 503, and nothing changes`, async () => {
    const change = changes.get(id);
    assert.ok(change !== undefined, `a route that changes something is not tested: ${id}`);
    const requests = [change, ...(variants[id] ?? []).map((variant) => ({ ...change, ...variant }))];
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

test('reads continue while no entry can be written', async () => {
  const lift = await refuseEntries(installation);
  try {
    for (const path of ['/v1/tenants', `/v1/tenants/${active}`, '/v1/plans/startup', '/v1/operations'])
      assert.equal((await exchange({ path })).status, 200);
  } finally {
    await lift();
  }
});

test('each change succeeds once its entry can be written', async () => {
  for (const [id, request] of changes) {
    const entries = await entriesOf(installation, async () => {
      const answer = await exchange(request);
      assert.ok(answer.status < 300, `${id}: ${answer.text}`);
    });
    // One entry for each tenant that the change concerns.
    assert.deepEqual(
      entries.map(({ outcome }) => outcome !== 'denied'),
      id === 'verifyIsolationOfTenant' ? [true, true] : [true],
      id,
    );
  }
});

/** The parts of an operation and its tenant that only a checkpoint may change. */
async function standing(id: string): Promise<unknown> {
  const operation = (await exchange({ path: `/v1/operations/${id}` })).json<RouteAnswer<'getOperation'>>();
  const { metadata, status } = (await exchange({ path: `/v1/tenants/${operation.tenant.name}` })).json<
    RouteAnswer<'getTenant'>
  >();
  return {
    state: operation.state,
    done: operation.steps.filter((step) => step.state === 'done').map((step) => step.key),
    revision: metadata.revision,
    lifecycle: status.lifecycle,
    placement: status.placement,
  };
}

/** Places where an operation can be when the ledger fails. */
const places = [
  'begin.before-commit',
  'issue-keys.before-intent',
  'create-roles.before-checkpoint',
  'finish.before-commit',
];
const failedAttempt = /"(beginOperation|ensureStep|finishOperation) failed"/;
/** More attempts than an unexpected error gets. */
const attempts = 6;

test('operations wait at any place while no entry can be written, and continue when entries can be written', async () => {
  installation.worker.start();
  await installation.worker.ready();
  await until(
    'the operations accepted before have ended',
    async () =>
      (await installation.control
        .db(installation.databases.control)
        .collection('operations')
        .countDocuments({ unfinished: true })) === 0,
  );
  // Each failpoint pauses the first operation that reaches it, so each operation waits at a different place.
  const held = await Promise.all(
    places.map(async (place, index) => {
      const failpoint = armFailpoint(installation, place, 'pause');
      const name = `held-${index}`;
      const { operation } = (
        await exchange(put(`/v1/tenants/${name}`, tenantManifest(name, { lifecycle: 'Active' }), absent))
      ).json<RouteAnswer<'putTenant'>>();
      return { failpoint, id: operation?.id ?? '' };
    }),
  );
  await Promise.all(held.map(({ failpoint }) => failpoint.hit()));
  const lift = await refuseEntries(installation);
  try {
    const look = () =>
      Promise.all(
        held.map(async ({ id }) => ({
          standing: await standing(id),
          entries: (await readEntries(installation, { operationId: id })).length,
        })),
      );
    const before = await look();
    assert.equal(
      (await exchange({ method: 'POST', path: `/v1/operations/${held[0]?.id}:cancel` })).problem().code,
      'control_unavailable',
    );
    for (const { failpoint } of held) failpoint.release();
    for (const { id } of held) {
      await until(`operation ${id} has failed ${attempts} times to write its entry`, () => {
        const lines = installation.worker
          .output()
          .split('\n')
          .filter((line) => line.includes(id) && failedAttempt.test(line));
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
