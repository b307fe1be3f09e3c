import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { policyActions } from '../../../contracts/policy.ts';
import type { RouteAnswer } from '../../../contracts/routes.ts';
import { entriesOf } from '../../harness/control-data.ts';
import { borrowDeclared } from '../../harness/declared-installation.ts';
import type { Exchange } from '../../harness/http-exchange.ts';
import type { SharedInstallation, Who } from '../../harness/installation.ts';
import { tenantManifest } from '../../harness/manifests.ts';

let installation: SharedInstallation;
let exchange: Exchange;
let own: string;
before(async () => {
  ({ installation, exchange } = await borrowDeclared({ worker: false }));
  const api = installation.client();
  own = (await api.call('createTenant', { body: tenantManifest('own-tenant') })).body.tenant.metadata.uid;
  await api.call('createTenant', { body: tenantManifest('foreigners') });
});
after(() => installation.stop());

type Verdict = RouteAnswer<'checkAccess'>;

async function ask(who: Who, action: string, name?: string): Promise<Verdict> {
  const answer = await exchange({
    path: `/v1/access?action=${action}${name === undefined ? '' : `&name=${name}`}`,
    who,
  });
  assert.equal(answer.status, 200, answer.text);
  return answer.json<Verdict>();
}

test('the caller reads its own identity and when its token expires', async () => {
  const who = { subject: 'carol@example.com', roles: ['tenant-admin'], tenants: [own] };
  const { expireTime, ...caller } = (await exchange({ path: '/v1/caller', who })).json<RouteAnswer<'getCaller'>>();
  assert.deepEqual(caller, who);
  const leftMs = Date.parse(expireTime) - Date.now();
  assert.ok(leftMs > 3_500_000 && leftMs <= 3_600_000, expireTime);
  const { tenants, roles } = (await exchange({ path: '/v1/caller', who: { roles: ['service'] } })).json<
    RouteAnswer<'getCaller'>
  >();
  assert.deepEqual([tenants, roles], [undefined, ['service']]);
});

test('policy says what each role may do, and why an action is denied', async () => {
  assert.deepEqual(await ask({ roles: ['operator'] }, 'tenant.suspend', 'own-tenant'), {
    action: 'tenant.suspend',
    allowed: true,
    rules: ['authz.role'],
    denials: [],
  });
  const { allowed, rules, denials } = await ask({ roles: ['viewer'] }, 'tenant.suspend', 'own-tenant');
  assert.deepEqual([allowed, rules, denials[0]?.allowed], [false, ['authz.role'], ['admin', 'operator']]);
  assert.equal((await ask({ roles: ['admin'] }, 'template.roll_out', 'any-template')).allowed, true);
});

test('without a name, the check is about all tenants that the caller may see', async () => {
  const confined = { roles: ['admin'], tenants: [own] };
  assert.equal((await ask(confined, 'tenant.suspend')).allowed, true);
  assert.equal((await ask(confined, 'tenant.create')).allowed, false);
  assert.equal((await ask({ roles: ['admin'], tenants: [] }, 'tenant.suspend')).allowed, false);
});

test('a tenant that the caller may not see gets the same answer as one that does not exist', async () => {
  const who = { roles: ['admin'], tenants: [own] };
  for (const action of policyActions)
    assert.deepEqual(await ask(who, action, 'foreigners'), await ask(who, action, 'never-here'), action);
  assert.equal((await ask(who, 'tenant.suspend', 'own-tenant')).allowed, true);
  assert.equal((await ask(who, 'tenant.suspend', 'foreigners')).allowed, false);
});

test('a check leaves no entry, whatever the answer; a check by a caller without a known role leaves one', async () => {
  const entries = await entriesOf(installation, async () => {
    await exchange({ path: '/v1/caller', who: { roles: ['viewer'] } });
    assert.equal((await ask({ roles: ['viewer'] }, 'tenant.purge', 'own-tenant')).allowed, false);
  });
  assert.deepEqual(entries, []);
  const refused = await entriesOf(installation, async () => {
    for (const path of ['/v1/caller', '/v1/access?action=tenant.get'])
      assert.equal((await exchange({ path, who: { roles: ['root'] } })).problem().code, 'forbidden');
  });
  assert.deepEqual(
    refused.map(({ action, target, outcome }) => [action, target.kind, outcome]),
    [['access.check', 'Caller', 'denied']],
    'a repeated refusal is only counted',
  );
});

test('an unknown action is refused, and the error points to it', async () => {
  const { code, errors } = (await exchange({ path: '/v1/access?action=tenant.destroy' })).problem();
  assert.deepEqual([code, errors?.[0]?.pointer], ['request_invalid', '/action']);
});

test('readiness reports the version, without a token', async () => {
  const { version } = (await (await fetch(`${installation.server}/readyz`)).json()) as { version: string };
  assert.match(version, /^\d+\.\d+\.\d+/);
});
