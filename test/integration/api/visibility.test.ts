import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { routes } from '../../../contracts/routes.ts';
import type { RouteAnswer } from '../../../contracts/routes.ts';
import type { RouteContract } from '../../../contracts/routes/route-contract.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { entriesOf, readControlState, readEntries } from '../../harness/control-data.ts';
import { createExchange } from '../../harness/http-exchange.ts';
import type { Exchange, HttpAnswer, HttpRequest } from '../../harness/http-exchange.ts';
import { requestBy, routeIds } from '../../harness/route-requests.ts';
import { borrowInstallation } from '../../harness/installation.ts';
import type { SharedInstallation, Who } from '../../harness/installation.ts';
import { declareBasics, tenantManifest } from '../../harness/manifests.ts';
import { showCells } from '../../harness/seen-cells.ts';

let installation: SharedInstallation;
let exchange: Exchange;
let own: { uid: string; operation: string };
let foreign: { uid: string; operation: string };

/** Names of the same length, so that answers about them can be compared byte by byte. */
const names = { own: 'own-tenant', foreign: 'foreigners', absent: 'never-here' };
const absentId = '01hzzzzzzzzzzzzzzzzzzzzza1';

before(async () => {
  installation = await borrowInstallation(attachToStack(), { worker: false });
  exchange = createExchange(installation);
  const api = installation.client();
  await declareBasics(api);
  await showCells(installation);
  const make = async (name: string) => {
    const { body } = await api.call('createTenant', { body: tenantManifest(name, { lifecycle: 'Active' }) });
    return { uid: body.tenant.metadata.uid, operation: body.operation?.id ?? '' };
  };
  own = await make(names.own);
  foreign = await make(names.foreign);
});
after(() => installation.stop());

const confined = (roles: readonly string[]): Who => ({ subject: 'carol@example.com', roles, tenants: [own.uid] });

/** Requests by every route that is about one tenant or one operation. */
function requestsAbout(name: string, operation: string): Record<string, HttpRequest> {
  const requests: Record<string, HttpRequest> = {
    'listOperations of the tenant': { path: `/v1/operations?tenant=${name}` },
  };
  for (const id of routeIds) {
    const contract: RouteContract = routes[id];
    if (!contract.path.startsWith('/v1/tenants/') && !contract.path.startsWith('/v1/operations/')) continue;
    const withHeaders = (precondition: Record<string, string>): HttpRequest =>
      requestBy(id, { name, id: operation, headers: { 'idempotency-key': `about-${id}`, ...precondition } });
    if (contract.precondition === 'none') requests[id] = withHeaders({});
    else
      for (const [header, value] of [
        ['if-match', '*'],
        ['if-match', '"1"'],
        ['if-none-match', '*'],
      ] as const)
        requests[`${id} with ${header}: ${value}`] = withHeaders({ [header]: value });
  }
  return requests;
}

/** The parts of an answer that must be the same for a foreign tenant and for a tenant that does not exist. */
function shown(answer: HttpAnswer, name: string, operation: string): unknown {
  const headers = [...answer.headers].filter(
    ([header]) => !['date', 'x-request-id', 'x-correlation-id'].includes(header),
  );
  const text = answer.text
    .replaceAll(answer.headers.get('x-request-id') ?? '', '<request>')
    .replaceAll(name, '<name>')
    .replaceAll(operation, '<operation>');
  return { status: answer.status, headers, text };
}

for (const roles of [['tenant-admin'], ['admin'], ['service'], ['tenant-admin', 'operator']]) {
  test(`a confined ${roles.join(' and ')} gets the same answer for another tenant as for one that never existed, and every refusal is an entry`, async () => {
    const who = confined(roles);
    const ofForeign = requestsAbout(names.foreign, foreign.operation);
    const ofAbsent = requestsAbout(names.absent, absentId);
    const state = await readControlState(installation);
    const answers: HttpAnswer[] = [];
    const entries = await entriesOf(installation, async () => {
      for (const [what, request] of Object.entries(ofForeign)) {
        // A refusal that one caller repeats is only counted.
        const caller = { ...who, subject: `${roles.join('-')} ${what}` };
        const known = await exchange({ ...request, who: caller });
        const unknown = await exchange({ ...ofAbsent[what]!, who: caller });
        assert.deepEqual(shown(known, names.foreign, foreign.operation), shown(unknown, names.absent, absentId), what);
        assert.ok(known.status === 404 || known.status === 403, `${what}: ${known.text}`);
        answers.push(known, unknown);
      }
    });
    assert.deepEqual(await readControlState(installation), state);
    assert.deepEqual(
      entries.map((entry) => [entry.requestId, entry.outcome]),
      answers.map((answer) => [answer.headers.get('x-request-id'), 'denied']),
    );
    assert.deepEqual(
      entries.map((entry) => entry.tenant),
      answers.map((_, index) => (index % 2 === 0 ? foreign.uid : undefined)),
      'an attempt on a tenant is among the entries of the tenant',
    );
  });
}

test('a confined caller sees its own tenant and operation, and lists show nothing else', async () => {
  for (const roles of [['tenant-admin'], ['viewer'], ['admin']]) {
    const who = confined(roles);
    assert.equal((await exchange({ path: `/v1/tenants/${names.own}`, who })).status, 200);
    assert.equal((await exchange({ path: `/v1/operations/${own.operation}`, who })).status, 200);
    const tenants = (await exchange({ path: '/v1/tenants', who })).json<RouteAnswer<'listTenants'>>();
    assert.deepEqual(
      tenants.items.map((tenant) => tenant.metadata.name),
      [names.own],
    );
    const operations = (await exchange({ path: '/v1/operations', who })).json<RouteAnswer<'listOperations'>>();
    assert.deepEqual(
      operations.items.map((operation) => operation.id),
      [own.operation],
    );
  }
  const nowhere = { roles: ['viewer'], tenants: [] };
  assert.deepEqual((await exchange({ path: '/v1/tenants', who: nowhere })).json(), { items: [] });
  assert.deepEqual((await exchange({ path: '/v1/operations', who: nowhere })).json(), { items: [] });
});

test('roll-outs name tenants: only a caller that sees all tenants reads them; a confined caller gets the same refusal whether or not the template exists', async () => {
  const api = installation.client();
  const name = 'shared-one';
  await api.call('putTemplate', {
    params: { name },
    ifNoneMatch: '*',
    body: { apiVersion: 'tenure/v1', kind: 'TenantTemplate', metadata: { name }, spec: {} },
  });
  const { id } = (await api.call('startRollout', { params: { name }, body: {}, idempotencyKey: 'roll-out' })).body;
  for (const roles of [['tenant-admin'], ['viewer'], ['admin']]) {
    const who = confined(roles);
    for (const route of ['listRollouts', 'getRollout'] as const) {
      const there = await exchange({ ...requestBy(route, { name, id }), who });
      const absent = await exchange({ ...requestBy(route, { name: names.absent, id: absentId }), who });
      assert.equal(there.problem().code, 'forbidden', there.text);
      assert.deepEqual(shown(there, name, id), shown(absent, names.absent, absentId));
    }
  }
  const viewer = { roles: ['viewer'] };
  for (const route of ['listRollouts', 'getRollout'] as const)
    assert.equal((await exchange({ ...requestBy(route, { name, id }), who: viewer })).status, 200);
});

test('a confined caller may not create a tenant, and the answer does not reveal whether the name is taken', async () => {
  const who = confined(['admin']);
  const create = (name: string) =>
    exchange({
      method: 'POST',
      path: '/v1/tenants',
      body: tenantManifest(name),
      headers: { 'idempotency-key': 'create' },
      who,
    });
  const [taken, free] = [await create(names.foreign), await create(names.absent)];
  assert.equal(taken.status, 403, taken.text);
  assert.deepEqual(shown(taken, names.foreign, ''), shown(free, names.absent, ''));
});

test('a viewer may read but not change: each change answers 403 with the roles that may, and is one entry', async () => {
  const who = { roles: ['viewer'] };
  const state = await readControlState(installation);
  const changes = routeIds.filter((id) => routes[id].method !== 'GET');
  assert.ok(changes.length >= 6);
  for (const id of changes) {
    const name = id === 'createTenant' ? names.absent : names.own;
    const answer = await exchange({
      ...requestBy(id, { name, id: own.operation, headers: { 'if-match': '*' } }),
      who: { ...who, subject: `viewer ${id}` },
    });
    assert.equal(answer.status, 403, `${id}: ${answer.text}`);
    assert.equal(answer.problem().errors?.[0]?.rule, 'authz.role');
    const entries = await readEntries(installation, { requestId: answer.problem().requestId });
    assert.deepEqual(
      entries.map((entry) => [entry.outcome, entry.policy?.decision, entry.reason]),
      [['denied', 'deny', 'authz.role']],
      id,
    );
  }
  assert.deepEqual(await readControlState(installation), state);
});

test('a confined caller learns that a cell is full, but not what other tenants have there', async () => {
  const api = installation.client();
  const region = {
    apiVersion: 'tenure/v1' as const,
    kind: 'Region' as const,
    metadata: { name: 'brimful' },
    spec: { jurisdiction: 'EU', cells: [{ name: 'brimful-a', tableBudget: 4321 }] },
  };
  await api.call('putRegion', { params: { name: 'brimful' }, ifNoneMatch: '*', body: region });
  await installation.store.cells.observe('brimful-a', 'a-worker', { reachable: true });
  await installation.control
    .db(installation.databases.control)
    .collection<{ _id: string; cell: string; tables: number }>('cellTables')
    .insertOne({ _id: 'brimful-a/0', cell: 'brimful-a', tables: 3456 });
  const whyNot = async (who?: Who): Promise<string | undefined> => {
    const { body } = await installation.client(who).call('explainPlacementOfTenant', { params: { name: names.own } });
    return body.candidates.find(({ cell }) => cell === 'brimful-a')?.removedBy?.message;
  };
  assert.match((await whyNot()) ?? '', /3456.*4321/);
  for (const role of ['tenant-admin', 'operator', 'admin'])
    assert.doesNotMatch((await whyNot(confined([role]))) ?? '3456', /3456|4321/, role);
});
