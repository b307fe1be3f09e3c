import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SignJWT, base64url, generateKeyPair, importJWK } from 'jose';
import type { JWTPayload } from 'jose';
import { routes } from '../../../contracts/routes.ts';
import type { RouteContract } from '../../../contracts/routes/route-contract.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { tokenAudience, tokenIssuer } from '../../../tools/stack/token-issuer.ts';
import { readEntries } from '../../harness/control-data.ts';
import { createExchange } from '../../harness/http-exchange.ts';
import type { Exchange } from '../../harness/http-exchange.ts';
import { until } from '../../harness/until.ts';
import { startInstallation } from '../../harness/installation.ts';
import type { Installation } from '../../harness/installation.ts';

const stack = attachToStack();
let installation: Installation;
let exchange: Exchange;
before(async () => {
  installation = await startInstallation(stack, { worker: false });
  exchange = createExchange(installation);
});
after(() => installation.stop());

const now = (): number => Math.floor(Date.now() / 1000);
const right = (): JWTPayload => ({
  iss: tokenIssuer,
  aud: tokenAudience,
  sub: 'alice@example.com',
  roles: ['admin'],
  iat: now(),
  exp: now() + 60,
});
const { kid = '', ...issuerKey } = stack.issuerPrivateKey;
const signed = async (claims: JWTPayload): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA', kid }).sign(await importJWK(issuerKey, 'EdDSA'));
const encoded = (value: unknown): string => base64url.encode(JSON.stringify(value));
const without = (claim: string): JWTPayload =>
  Object.fromEntries(Object.entries(right()).filter(([name]) => name !== claim));

const notAuthenticated: Readonly<Record<string, () => string | Promise<string>>> = {
  'no header': () => '',
  'a header without a token': () => 'Bearer ',
  'another scheme': () => `Basic ${base64url.encode('alice:secret')}`,
  'garbage as the token': () => 'Bearer garbage',
  'garbage in three parts': () => 'Bearer a.b.c',
  'two tokens': async () => `Bearer ${await signed(right())} ${await signed(right())}`,
  'an expired token': async () => `Bearer ${await signed({ ...right(), exp: now() - 60 })}`,
  'a token that is not valid yet': async () => `Bearer ${await signed({ ...right(), nbf: now() + 60 })}`,
  'another issuer': async () => `Bearer ${await signed({ ...right(), iss: 'elsewhere' })}`,
  'another audience': async () => `Bearer ${await signed({ ...right(), aud: 'elsewhere' })}`,
  'a token without an audience': async () => `Bearer ${await signed(without('aud'))}`,
  'a token without a subject': async () => `Bearer ${await signed(without('sub'))}`,
  'a token that never expires': async () => `Bearer ${await signed(without('exp'))}`,
  'a token without roles': async () => `Bearer ${await signed(without('roles'))}`,
  'roles that are not a list': async () => `Bearer ${await signed({ ...right(), roles: { admin: true } })}`,
  'a confinement that is not a list of uids': async () => `Bearer ${await signed({ ...right(), tenants: ['acme'] })}`,
  'an unsigned token': () => `Bearer ${encoded({ alg: 'none' })}.${encoded(right())}.`,
  'a token signed with HMAC under the public key': async () => {
    const publicKey = new TextEncoder().encode(stack.issuerPrivateKey.x);
    return `Bearer ${await new SignJWT(right()).setProtectedHeader({ alg: 'HS256', kid }).sign(publicKey)}`;
  },
  'a token signed with another key under the same key id': async () => {
    const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
    return `Bearer ${await new SignJWT(right()).setProtectedHeader({ alg: 'EdDSA', kid }).sign(privateKey)}`;
  },
  'a token whose claims were changed': async () => {
    const [header = '', , signature = ''] = (await signed({ ...right(), roles: ['viewer'] })).split('.');
    return `Bearer ${header}.${encoded(right())}.${signature}`;
  },
};

for (const [name, authorization] of Object.entries(notAuthenticated)) {
  test(`answered 401 with WWW-Authenticate: ${name}`, async () => {
    const answer = await exchange({ path: '/v1/plans', headers: { authorization: await authorization() } });
    assert.equal(answer.status, 401, answer.text);
    const challenge = answer.headers.get('www-authenticate') ?? '';
    const [scheme, token, ...rest] = (await authorization()).split(' ');
    const wasSent = scheme === 'Bearer' && token !== '' && rest.length === 0;
    assert.match(
      challenge,
      wasSent
        ? /^Bearer realm="tenure", error="invalid_token", error_description="[\x20\x21\x23-\x5B\x5D-\x7E]+"$/
        : /^Bearer realm="tenure"$/,
    );
    assert.equal(answer.problem().code, 'unauthenticated');
  });
}

const pathOf = (contract: RouteContract): string =>
  contract.path.replace('{name}', 'acme').replace('{id}', '01hzzzzzzzzzzzzzzzzzzzzza1');

for (const [id, contract] of Object.entries<RouteContract>(routes)) {
  test(`${id} answers 401 to an unauthenticated caller before it checks anything else`, async () => {
    const answer = await exchange({
      method: contract.method,
      path: `${pathOf(contract)}?nonsense=1`,
      ...(contract.method === 'GET' ? {} : { body: '{"malformed' }),
      headers: { authorization: '' },
    });
    assert.equal(answer.status, 401, answer.text);
  });

  test(`a wrong method on ${contract.path} answers 405 with the allowed methods`, async () => {
    const allowed = Object.values<RouteContract>(routes)
      .filter(({ path }) => path === contract.path)
      .map(({ method }): string => method);
    if (allowed.includes('GET')) allowed.push('HEAD');
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      if (allowed.includes(method)) continue;
      const answer = await exchange({ method, path: pathOf(contract) });
      assert.equal(answer.status, 405, `${method}: ${answer.text}`);
      assert.deepEqual(answer.headers.get('allow')?.split(', ').toSorted(), allowed.toSorted());
    }
  });
}

for (const path of [
  '/v1',
  '/v2/tenants',
  '/v1/tenant',
  '/v1/tenants/',
  '/v1/tenants/acme/activate',
  '/v1/Tenants',
  '/metrics',
]) {
  test(`no route at ${path}: 404`, async () => {
    const answer = await exchange({ path });
    assert.equal(answer.status, 404, answer.text);
    assert.equal(answer.problem().code, 'route_not_found');
  });
}

test('a caller without a known role is authenticated but may do nothing, and each of its requests is an entry', async () => {
  for (const roles of [[], ['root'], ['Admin']]) {
    const who = { subject: 'mallory@example.com', roles };
    for (const path of ['/v1/tenants', '/v1/plans', '/v1/regions', '/v1/operations', '/v1/plans/startup']) {
      const answer = await exchange({ path, who });
      assert.equal(answer.problem().code, 'forbidden', answer.text);
      const [entry] = await readEntries(installation, { requestId: answer.problem().requestId });
      assert.deepEqual([entry?.outcome, entry?.policy?.decision, entry?.reason], ['denied', 'deny', 'authz.role']);
      assert.deepEqual(entry?.actor.roles, roles);
    }
    assert.equal((await exchange({ path: '/v1/tenants/acme', who })).status, 404, 'it may not see the tenant');
  }
});

test('a role for confined callers allows nothing to a token without a confinement', async () => {
  const answer = await exchange({ path: '/v1/tenants', who: { roles: ['tenant-admin'] } });
  assert.equal(answer.problem().code, 'forbidden');
  assert.equal(answer.problem().errors?.[0]?.rule, 'authz.confinement_required');
});

test('the log says which claim is wrong, but not its value', async () => {
  for (const [claim, value] of [
    ['aud', 'canary-audience'],
    ['iss', 'canary-issuer'],
    ['roles', { canary: true }],
    ['tenants', ['canary']],
  ] as const) {
    const answer = await exchange({
      path: '/v1/plans',
      headers: { authorization: `Bearer ${await signed({ ...right(), [claim]: value })}` },
    });
    const { requestId } = answer.problem();
    const line = await until('the refusal is logged', () =>
      installation.api
        .output()
        .split('\n')
        .find((each) => each.includes(requestId) && each.includes('a token was refused')),
    );
    assert.ok(line.includes(`\\"${claim}\\"`), line);
    assert.ok(!`${line}${answer.text}${answer.headers.get('www-authenticate') ?? ''}`.includes('canary'), line);
  }
});

test('a token may be confined to as many tenants as the contract allows, and of its many roles the known ones come first', async () => {
  const tenants = Array.from(
    { length: 1_000 },
    (_, index) => `01hzzzzzzzzzzzzzzzzzzz${String(index).padStart(4, '0')}`,
  );
  const roles = [...Array.from({ length: 40 }, (_, index) => `group-${index}`), 'viewer'];
  const answer = await exchange({
    path: '/v1/caller',
    headers: { authorization: `Bearer ${await signed({ ...right(), roles, tenants })}` },
  });
  assert.equal(answer.status, 200, answer.text);
  const caller = answer.json<{ roles: string[]; tenants: string[] }>();
  assert.deepEqual([caller.tenants.length, caller.roles[0], caller.roles.length], [1_000, 'viewer', 32]);
});

test('no answer and no log line contains the token, and an unauthenticated request leaves no entry', async () => {
  const before = (await readEntries(installation)).length;
  const token = `Bearer ${await signed({ ...right(), iss: 'elsewhere' })}`;
  const answer = await exchange({ path: '/v1/plans', headers: { authorization: token } });
  const [, , signature = 'none'] = token.split('.');
  assert.ok(!answer.text.includes(signature));
  assert.ok(!installation.api.output().includes(signature));
  assert.equal((await readEntries(installation)).length, before);
});
