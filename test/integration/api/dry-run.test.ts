import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { RouteId } from '../../../contracts/routes.ts';
import { entriesOf, readControlState, readEntries } from '../../harness/control-data.ts';
import type { Exchange, HttpRequest } from '../../harness/http-exchange.ts';
import type { Installation } from '../../harness/installation.ts';
import { tenantManifest } from '../../harness/manifests.ts';
import { changingRoutes, startWithChanges, subjectOf } from '../../harness/route-changes.ts';

let installation: Installation;
let exchange: Exchange;
let changes: ReadonlyMap<RouteId, HttpRequest>;
before(async () => {
  ({ installation, exchange, changes } = await startWithChanges());
});
after(() => installation.stop());

/** Leasing access is no change that could be rehearsed: its answer is a credential. */
const rehearsable = changingRoutes.filter((id) => id !== 'openTenant');

function rehearsalOf({ headers = {}, ...request }: HttpRequest): HttpRequest {
  const { 'idempotency-key': _key, ...rest } = headers;
  return { ...request, path: `${request.path}${request.path.includes('?') ? '&' : '?'}dryRun=true`, headers: rest };
}

async function requireUntouched(work: () => Promise<void>): Promise<void> {
  const state = await readControlState(installation);
  const entries = (await readEntries(installation)).length;
  await work();
  assert.deepEqual(await readControlState(installation), state);
  assert.equal((await readEntries(installation)).length, entries);
}

for (const id of rehearsable) {
  test(`${id} with dryRun answers what would stand, and registry and ledger are as before`, async () => {
    const change = changes.get(id);
    assert.ok(change !== undefined, `a route that changes something is not tested: ${id}`);
    await requireUntouched(async () => {
      const answer = await exchange(rehearsalOf(change));
      assert.equal(answer.status, 200, answer.text);
      assert.deepEqual(
        [answer.headers.get('location'), answer.headers.get('etag')],
        [null, null],
        'what would stand has no address and no tag',
      );
    });
  });
}

test('a rehearsal says what a change would be refused for, and that leaves no entry either', async () => {
  const refused: readonly HttpRequest[] = [
    {
      method: 'PUT',
      path: '/v1/tenants/elsewhere',
      body: tenantManifest('elsewhere', { plan: 'unheard-of', lifecycle: 'Active' }),
      headers: { 'if-none-match': '*' },
    },
    { method: 'POST', path: `/v1/tenants/${subjectOf('activateTenant')}:resume`, headers: { 'if-match': '*' } },
    {
      method: 'PUT',
      path: `/v1/tenants/${subjectOf('openTenant')}`,
      body: tenantManifest(subjectOf('openTenant')),
      headers: { 'if-match': '"99"' },
    },
  ];
  const codes: string[] = [];
  await requireUntouched(async () => {
    for (const request of refused) codes.push((await exchange(rehearsalOf(request))).problem().code);
  });
  assert.deepEqual(codes, ['policy_refused', 'transition_not_allowed', 'revision_stale']);
});

test('who may not make a change may not rehearse it, and that it was tried is an entry', async () => {
  const change = changes.get('suspendTenant');
  assert.ok(change !== undefined);
  const entries = await entriesOf(installation, async () => {
    assert.equal((await exchange({ ...rehearsalOf(change), who: { roles: ['viewer'] } })).problem().code, 'forbidden');
  });
  assert.deepEqual(
    entries.map(({ action, outcome }) => [action, outcome]),
    [['tenant.suspend', 'denied']],
  );
});

test('each of the changes is made afterwards, and shows what its rehearsal showed', async () => {
  for (const id of rehearsable) {
    const change = changes.get(id);
    assert.ok(change !== undefined);
    const rehearsed = (await exchange(rehearsalOf(change))).json<object>();
    const answer = await exchange(change);
    assert.ok([200, 201, 202].includes(answer.status), `${id}: ${answer.text}`);
    assert.deepEqual(Object.keys(rehearsed), Object.keys(answer.json<object>()), id);
  }
});
