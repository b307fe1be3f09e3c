import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { createLocalJWKSet, errors, jwtVerify } from 'jose';
import { MongoClient } from 'mongodb';

import { attachToStack } from '../../../tools/stack/attach.ts';

const stack = attachToStack();

test('a minted token verifies against the published keys and has the requested claims', async () => {
  const environment = stack.processEnvironment();
  const keys = createLocalJWKSet(JSON.parse(readFileSync(environment['TENURE_JWKS_FILE']!, 'utf8')));
  const token = await stack.mintToken({ subject: 'alice', roles: ['operator'], tenants: ['acme'], ttlSeconds: 60 });
  const { payload, protectedHeader } = await jwtVerify(token, keys, {
    issuer: environment['TENURE_JWT_ISSUER']!,
    audience: environment['TENURE_JWT_AUDIENCE']!,
  });
  assert.equal(protectedHeader.alg, 'EdDSA');
  assert.equal(payload.sub, 'alice');
  assert.deepEqual(payload['roles'], ['operator']);
  assert.deepEqual(payload['tenants'], ['acme']);
  assert.equal(payload.exp! - payload.iat!, 60);
  assert.ok(payload.jti);
});

test('a changed or expired token does not verify, and absent tenants stay absent', async () => {
  const keys = createLocalJWKSet(JSON.parse(readFileSync(stack.files.jwks, 'utf8')));
  const token = await stack.mintToken({ subject: 'bob', roles: [], ttlSeconds: 60 });
  assert.ok(!('tenants' in (await jwtVerify(token, keys)).payload));
  const [header, , signature] = token.split('.');
  const forged = Buffer.from(JSON.stringify({ sub: 'mallory' })).toString('base64url');
  await assert.rejects(jwtVerify(`${header}.${forged}.${signature}`, keys), errors.JWSSignatureVerificationFailed);
  const expired = await stack.mintToken({ subject: 'bob', roles: [], ttlSeconds: -60 });
  await assert.rejects(jwtVerify(expired, keys), errors.JWTExpired);
});

test('the published keys hold no private part', () => {
  assert.ok(!readFileSync(stack.files.jwks, 'utf8').includes('"d"'));
});

test("the control plane's user of a cell manages tenants' databases and users, but not the deployment", async () => {
  const cells = JSON.parse(readFileSync(stack.files.cells, 'utf8')) as Record<string, { uri: string }>;
  assert.deepEqual(Object.keys(cells), ['eu-west-1-a', 'us-east-1-a']);
  const client = new MongoClient(cells['us-east-1-a']!.uri);
  try {
    const database = client.db('t_plane_probe');
    await database.command({ createRole: 'own', privileges: [], roles: [{ role: 'read', db: 't_plane_probe' }] });
    await database.command({ createUser: 'tenant', pwd: 'probe', roles: ['own'] });
    await client.db('admin').command({ killAllSessions: [{ user: 'tenant', db: 't_plane_probe' }] });
    await client
      .db('admin')
      .aggregate([{ $currentOp: { allUsers: true } }])
      .toArray();
    const stream = client.watch([], { maxAwaitTimeMS: 10 });
    await stream.tryNext();
    await stream.close();
    await assert.rejects(client.db('admin').command({ shutdown: 1 }), { code: 13 });
    await database.command({ dropAllUsersFromDatabase: 1 });
    await database.command({ dropAllRolesFromDatabase: 1 });
    await database.dropDatabase();
  } finally {
    await client.close();
  }
});

test('an installation gets its own databases, task queue and ports', () => {
  const environment = stack.processEnvironment({ controlDatabase: 'tenure_x', taskQueue: 'x', apiPort: 1234 });
  assert.equal(environment['TENURE_CONTROL_DATABASE'], 'tenure_x');
  assert.equal(environment['TENURE_TASK_QUEUE'], 'x');
  assert.equal(environment['TENURE_API_PORT'], '1234');
  assert.equal(environment['TENURE_SECRETS_DATABASE'], 'tenure_secrets');
});

test('without a stack, the error names the command to run', () => {
  assert.throws(() => attachToStack({}), /TENURE_TEST_STACK is not set.*npm test -- <file>/);
});
