import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import type { CryptoKey, JWK, JWTPayload } from 'jose';
import { createAuthenticate, InvalidToken } from '../../../api/authentication.ts';
import type { Authenticate } from '../../../api/authentication.ts';
import { claimPlaces, readApiConfig } from '../../../platform/config.ts';

const least = {
  TENURE_INSTALLATION: 'tenure-test',
  TENURE_CONTROL_URI: 'mongodb://u:p@127.0.0.1',
  TENURE_CELLS_FILE: 'a',
  TENURE_KEYRING_FILE: 'b',
  TENURE_CODEC_KEYRING_FILE: 'c',
  TENURE_TEMPORAL_ADDRESS: '127.0.0.1:7233',
  TENURE_POLICY_BUNDLE: 'd',
  TENURE_JWKS_FILE: 'e',
  TENURE_JWT_ISSUER: 'issuer',
  TENURE_JWT_AUDIENCE: 'tenure',
};
const now = (): number => Math.floor(Date.now() / 1000);
const known = new Set(['admin', 'operator', 'viewer', 'tenant-admin', 'service']);

let keys: { privateKey: CryptoKey; jwk: JWK }[];
describe('authentication', () => {
  before(async () => {
    const made = [
      await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true }),
      await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true }),
    ];
    keys = await Promise.all(
      made.map(async ({ privateKey, publicKey }) => ({ privateKey, jwk: await exportJWK(publicKey) })),
    );
  });

  function authenticateWith(settings: Readonly<Record<string, string>>): Authenticate {
    const claims = claimPlaces(readApiConfig({ ...least, ...settings }));
    return createAuthenticate({
      keys: { keys: keys.map(({ jwk }) => ({ kty: 'OKP', ...jwk })) },
      issuer: 'issuer',
      audience: 'tenure',
      claims,
      knownRoles: () => known,
      now: () => new Date(),
    });
  }

  async function token(claims: JWTPayload, key = 0): Promise<string> {
    return `Bearer ${await new SignJWT({ iss: 'issuer', aud: 'tenure', sub: 'alice', iat: now(), exp: now() + 60, ...claims }).setProtectedHeader({ alg: 'EdDSA' }).sign(keys[key]!.privateKey)}`;
  }

  const rolesOf = async (settings: Readonly<Record<string, string>>, claims: JWTPayload): Promise<readonly string[]> =>
    (await authenticateWith(settings)(await token(claims))).actor.roles;

  test('all of several keys without a kid are tried, and a token signed with any other key is refused', async () => {
    const authenticate = authenticateWith({});
    for (const key of [0, 1])
      assert.deepEqual((await authenticate(await token({ roles: ['viewer'] }, key))).actor, {
        subject: 'alice',
        roles: ['viewer'],
      });
    const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
    const foreign = `Bearer ${await new SignJWT({ iss: 'issuer', aud: 'tenure', sub: 'alice', roles: ['admin'], iat: now(), exp: now() + 60 }).setProtectedHeader({ alg: 'EdDSA' }).sign(privateKey)}`;
    await assert.rejects(authenticate(foreign), InvalidToken);
  });

  const keycloak = {
    realm_access: { roles: ['offline_access', 'viewer'] },
    resource_access: { tenure: { roles: ['operator'] }, 'my.client': { roles: ['admin'] } },
  };
  const places: readonly (readonly [
    of: string,
    settings: Readonly<Record<string, string>>,
    claims: JWTPayload,
    roles: readonly string[],
  ])[] = [
    ['realm roles', { TENURE_JWT_ROLES_CLAIM: 'realm_access.roles' }, keycloak, ['viewer', 'offline_access']],
    [
      'realm and client roles',
      { TENURE_JWT_ROLES_CLAIM: 'realm_access.roles, resource_access.tenure.roles' },
      keycloak,
      ['viewer', 'operator', 'offline_access'],
    ],
    ['only one of them', { TENURE_JWT_ROLES_CLAIM: 'nowhere,resource_access.tenure.roles' }, keycloak, ['operator']],
    ['a client ID with a dot', { TENURE_JWT_ROLES_CLAIM: '/resource_access/my.client/roles' }, keycloak, ['admin']],
    [
      'a claim with a namespace',
      { TENURE_JWT_ROLES_CLAIM: 'https://example.com/roles' },
      { 'https://example.com/roles': ['viewer'] },
      ['viewer'],
    ],
    ['text with spaces', {}, { roles: 'viewer  operator' }, ['viewer', 'operator']],
    ['text with commas', {}, { roles: 'viewer, operator' }, ['viewer', 'operator']],
    ['no roles', {}, { roles: [] }, []],
    [
      'groups through a role map',
      { TENURE_JWT_ROLES_CLAIM: 'groups', TENURE_JWT_ROLE_MAP: '/platform admins=admin, on-call=operator' },
      { groups: ['/platform admins', 'admin', 'viewer', 'on-call'] },
      ['admin', 'operator'],
    ],
  ];
  for (const [of, settings, claims, roles] of places)
    test(`roles are read: ${of}`, async () => assert.deepEqual(await rolesOf(settings, claims), roles));

  test('of forty groups, the roles that policy knows come first, and names that are too long are ignored', async () => {
    const groups = [...Array.from({ length: 40 }, (_, index) => `group-${index}`), 'x'.repeat(65), 'admin'];
    const roles = await rolesOf({ TENURE_JWT_ROLES_CLAIM: 'groups' }, { groups });
    assert.deepEqual([roles[0], roles.length], ['admin', 32]);
  });

  test('the subject and the tenants are read from the claims that the settings name', async () => {
    const uid = '01hzzzzzzzzzzzzzzzzzzzzza1';
    const authenticate = authenticateWith({
      TENURE_JWT_SUBJECT_CLAIM: 'email',
      TENURE_JWT_TENANTS_CLAIM: 'tenure.tenants',
    });
    const { actor } = await authenticate(
      await token({ email: 'alice@example.com', roles: ['viewer'], tenure: { tenants: uid } }),
    );
    assert.deepEqual(actor, { subject: 'alice@example.com', roles: ['viewer'], tenants: [uid] });
  });

  const refused: readonly (readonly [claims: JWTPayload, claim: string])[] = [
    [{}, 'roles'],
    [{ roles: [7] }, 'roles'],
    [{ roles: { admin: true } }, 'roles'],
    [{ roles: ['admin'], tenants: null }, 'tenants'],
    [{ roles: ['admin'], tenants: ['acme'] }, 'tenants'],
    [
      {
        roles: ['admin'],
        tenants: Array.from({ length: 1_001 }, (_, index) => `01hzzzzzzzzzzzzzzzzzzz${String(index).padStart(4, '0')}`),
      },
      'tenants',
    ],
    [{ roles: ['admin'], sub: '' }, 'sub'],
    [{ roles: ['admin'], aud: 'elsewhere' }, 'aud'],
  ];
  for (const [claims, claim] of refused) {
    test(`a refusal names the invalid claim: ${JSON.stringify(claims).slice(0, 60)}`, async () => {
      await assert.rejects(
        authenticateWith({})(await token(claims)),
        (error) => error instanceof InvalidToken && error.message.includes(`"${claim}"`),
      );
    });
  }

  test('names of properties that every object has are not claims', async () => {
    for (const place of ['constructor.name', '/__proto__/x', 'toString'])
      await assert.rejects(authenticateWith({ TENURE_JWT_ROLES_CLAIM: place })(await token({})), InvalidToken);
  });
});
