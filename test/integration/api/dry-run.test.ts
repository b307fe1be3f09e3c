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

/** A lease of access cannot be rehearsed, because its answer is a credential. */
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
  test(`${id} with dryRun answers with the result of the change, and registry and ledger are unchanged`, async () => {
    const change = changes.get(id);
    assert.ok(change !== undefined, `a route that changes something is not tested: ${id}`);
    await requireUntouched(async () => {
      const answer = await exchange(rehearsalOf(change));
      assert.equal(answer.status, 200, answer.text);
      assert.deepEqual(
        [answer.headers.get('location'), answer.headers.get('etag')],
        [null, null],
        'the result has no address and no ETag',
      );
    });
  });
}

test('a rehearsal says why a change would be refused, and leaves no entry either', async () => {
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

test('a caller that may not make a change may not rehearse it, and the attempt is an entry', async () => {
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

test('each change succeeds afterwards, and its answer has the same fields as its rehearsal', async () => {
  for (const id of rehearsable) {
    const change = changes.get(id);
    assert.ok(change !== undefined);
    const rehearsed = (await exchange(rehearsalOf(change))).json<object>();
    const answer = await exchange(change);
    assert.ok([200, 201, 202].includes(answer.status), `${id}: ${answer.text}`);
    assert.deepEqual(Object.keys(rehearsed), Object.keys(answer.json<object>()), id);
  }
});
