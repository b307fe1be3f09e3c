import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { RouteAnswer } from '../../../contracts/routes.ts';
import { armFailpoint } from '../../harness/armed-failpoint.ts';
import { entriesOf, readControlState, readEntries, withoutAnswers } from '../../harness/control-data.ts';
import { borrowDeclared } from '../../harness/declared-installation.ts';
import type { Exchange, HttpAnswer } from '../../harness/http-exchange.ts';
import type { SharedInstallation } from '../../harness/installation.ts';
import { tenantManifest } from '../../harness/manifests.ts';

let installation: SharedInstallation;
let exchange: Exchange;
before(async () => {
  ({ installation, exchange } = await borrowDeclared());
});
after(() => installation.stop());

type Change = RouteAnswer<'putTenant'>;

const activate = (
  name: string,
  headers: Record<string, string> = { 'if-match': '*' },
  key = `activate-${name}-${Math.random()}`,
): Promise<HttpAnswer> =>
  exchange({ method: 'POST', path: `/v1/tenants/${name}:activate`, headers: { 'idempotency-key': key, ...headers } });

async function activated(name: string): Promise<void> {
  const { operation } = (
    await exchange({
      method: 'PUT',
      path: `/v1/tenants/${name}`,
      body: tenantManifest(name, { lifecycle: 'Active' }),
      headers: { 'if-none-match': '*' },
    })
  ).json<Change>();
  const ended = await exchange({ path: `/v1/operations/${operation?.id ?? ''}:wait` });
  assert.equal(ended.json<{ state: string }>().state, 'succeeded', ended.text);
}

test('activating an Active tenant answers 200 and leaves no trace, whatever revision the caller sends', async () => {
  await activated('steady');
  const state = withoutAnswers(await readControlState(installation));
  const current = await exchange({ path: '/v1/tenants/steady' });
  const entries = await entriesOf(installation, async () => {
    for (const etag of ['*', current.headers.get('etag') ?? '', '"1"']) {
      const answer = await activate('steady', { 'if-match': etag });
      assert.equal(answer.status, 200, answer.text);
      assert.deepEqual(answer.json<Change>(), { tenant: current.json() });
    }
    const declared = await exchange({
      method: 'PUT',
      path: '/v1/tenants/steady',
      body: tenantManifest('steady', { lifecycle: 'Active' }),
      headers: { 'if-match': current.headers.get('etag') ?? '' },
    });
    assert.equal(declared.status, 200);
  });
  assert.deepEqual(entries, []);
  assert.deepEqual(withoutAnswers(await readControlState(installation)), state);
});

test('a declaration cannot change the placement of an Active tenant, remove its collections or make it a Draft; each refusal is one entry', async () => {
  await activated('settled');
  const { metadata } = (await exchange({ path: '/v1/tenants/settled' })).json<{ metadata: { revision: number } }>();
  const [service] = tenantManifest('settled').spec.services;
  const changes = [
    {
      spec: { placement: { preferredRegion: 'us-east-1' } },
      code: 'placement_immutable',
      pointer: '/spec/placement/preferredRegion',
    },
    {
      spec: { services: [{ ...service!, collections: service!.collections.slice(1) }] },
      code: 'change_not_available',
      pointer: '/spec/services',
    },
    { spec: { lifecycle: 'Draft' as const }, code: 'transition_not_allowed', pointer: '/spec/lifecycle' },
  ];
  for (const { spec, code, pointer } of changes) {
    const state = await readControlState(installation);
    const entries = await entriesOf(installation, async () => {
      const answer = await exchange({
        method: 'PUT',
        path: '/v1/tenants/settled',
        body: tenantManifest('settled', spec),
        headers: { 'if-match': `"${metadata.revision}"` },
      });
      assert.equal(answer.problem().code, code, answer.text);
      assert.equal(answer.problem().errors?.[0]?.pointer, pointer);
    });
    assert.deepEqual(
      entries.map(({ outcome, reason }) => [outcome, reason]),
      [['denied', code]],
    );
    assert.deepEqual(await readControlState(installation), state);
  }
});

test('a change of an Active tenant that needs no operation takes effect at once, and changes generation and ETag', async () => {
  await activated('named');
  const before = (await exchange({ path: '/v1/tenants/named' })).json<Change['tenant']>();
  const entries = await entriesOf(installation, async () => {
    const answer = await exchange({
      method: 'PUT',
      path: '/v1/tenants/named',
      body: tenantManifest('named', { displayName: 'Named' }),
      headers: { 'if-match': `"${before.metadata.revision}"` },
    });
    assert.equal(answer.status, 200, answer.text);
    const { tenant, operation } = answer.json<Change>();
    assert.equal(operation, undefined);
    assert.equal(tenant.spec.lifecycle, 'Active', 'an absent lifecycle is unchanged');
    assert.equal(tenant.status.observedGeneration, before.metadata.generation + 1);
    assert.equal(answer.headers.get('etag'), `"${before.metadata.revision + 1}"`);
  });
  assert.deepEqual(
    entries.map(({ action, outcome }) => [action, outcome]),
    [['tenant.update', 'succeeded']],
  );
});

test('while an operation runs, another change gets 409 with a link to it, and the same change gets the same operation', async () => {
  await exchange({
    method: 'PUT',
    path: '/v1/tenants/busy',
    body: tenantManifest('busy'),
    headers: { 'if-none-match': '*' },
  });
  const held = armFailpoint(installation, 'place.before-intent', 'pause');
  const accepted = await activate('busy');
  assert.equal(accepted.status, 202);
  const { operation } = accepted.json<Change>();
  const link = `/v1/operations/${operation?.id ?? ''}`;
  assert.equal(accepted.headers.get('location'), link);
  await held.hit();
  const state = withoutAnswers(await readControlState(installation));
  const entries = (await readEntries(installation)).length;

  const other = await exchange({
    method: 'PUT',
    path: '/v1/tenants/busy',
    body: tenantManifest('busy', { displayName: 'Other' }),
    headers: { 'if-match': '*' },
  });
  assert.equal(other.problem().code, 'operation_in_progress');
  assert.equal(other.problem().operation, link);
  assert.equal(other.headers.get('link'), `<${link}>; rel="related"`);
  const back = await exchange({
    method: 'PUT',
    path: '/v1/tenants/busy',
    body: tenantManifest('busy', { lifecycle: 'Draft' }),
    headers: { 'if-match': '*' },
  });
  assert.equal(back.problem().code, 'operation_in_progress', 'not even back to Draft');

  const manifest = tenantManifest('busy', { lifecycle: 'Active' });
  const { etag } = Object.fromEntries((await exchange({ path: '/v1/tenants/busy' })).headers);
  for (const same of [
    await activate('busy'),
    await activate('busy', { 'if-match': etag ?? '' }),
    await exchange({ method: 'PUT', path: '/v1/tenants/busy', body: manifest, headers: { 'if-match': '*' } }),
  ]) {
    assert.equal(same.status, 202, same.text);
    assert.equal(same.json<Change>().operation?.id, operation?.id);
    assert.equal(same.headers.get('location'), link);
  }
  assert.deepEqual(withoutAnswers(await readControlState(installation)), state);
  assert.equal((await readEntries(installation)).length, entries);

  held.release();
  const ended = await exchange({ path: `${link}:wait` });
  assert.equal(ended.json<{ state: string }>().state, 'succeeded');
});

test('8 concurrent activations start one operation, and each answer names it', async () => {
  await exchange({
    method: 'PUT',
    path: '/v1/tenants/wanted',
    body: tenantManifest('wanted'),
    headers: { 'if-none-match': '*' },
  });
  const held = armFailpoint(installation, 'place.before-intent', 'pause');
  const answers = await Promise.all(Array.from({ length: 8 }, () => activate('wanted')));
  held.release();
  const { items } = (await exchange({ path: '/v1/operations?tenant=wanted' })).json<RouteAnswer<'listOperations'>>();
  assert.equal(items.length, 1);
  const [{ id } = { id: '' }] = items;
  for (const answer of answers) {
    assert.equal(answer.status, 202, answer.text);
    assert.equal(answer.json<Change>().operation?.id, id);
  }
  assert.equal((await exchange({ path: `/v1/operations/${id}:wait` })).json<{ state: string }>().state, 'succeeded');
});
