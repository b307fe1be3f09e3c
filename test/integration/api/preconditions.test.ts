import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ProblemCode } from '../../../contracts/problems.ts';
import { entriesOf, readControlState } from '../../harness/control-data.ts';
import { borrowDeclared } from '../../harness/declared-installation.ts';
import type { Exchange } from '../../harness/http-exchange.ts';
import type { SharedInstallation } from '../../harness/installation.ts';
import { tenantManifest } from '../../harness/manifests.ts';

let installation: SharedInstallation;
let exchange: Exchange;
before(async () => {
  ({ installation, exchange } = await borrowDeclared({ worker: false }));
  const api = installation.client();
  await api.call('createTenant', { body: tenantManifest('acme') });
  await api.call('putTenant', {
    params: { name: 'acme' },
    ifMatch: '"1"',
    body: tenantManifest('acme', { displayName: 'Acme' }),
  });
  for (const name of ['eu-west-1', 'startup']) {
    const path = name === 'startup' ? `/v1/plans/${name}` : `/v1/regions/${name}`;
    const { spec, ...rest } = (await exchange({ path })).json<{ spec: object }>();
    await exchange({
      method: 'PUT',
      path,
      body: { ...rest, spec: { ...spec, displayName: name } },
      headers: { 'if-match': '"1"' },
    });
  }
});
after(() => installation.stop());

/** One resource of each kind, at revision 2. */
const kinds: readonly { readonly path: string; readonly existing: string; readonly body: (name: string) => object }[] =
  [
    { path: '/v1/tenants', existing: 'acme', body: (name) => tenantManifest(name, { displayName: 'changed' }) },
    {
      path: '/v1/plans',
      existing: 'startup',
      body: (name) => ({
        apiVersion: 'tenure/v1',
        kind: 'Plan',
        metadata: { name },
        spec: { isolationModes: ['dedicated'], quotas: { tables: 90 } },
      }),
    },
    {
      path: '/v1/regions',
      existing: 'eu-west-1',
      body: (name) => ({
        apiVersion: 'tenure/v1',
        kind: 'Region',
        metadata: { name },
        spec: { jurisdiction: 'EU', cells: [{ name: `${name}-a` }] },
      }),
    },
  ];

const refusals: readonly {
  readonly name: string;
  readonly headers: Record<string, string>;
  readonly of: 'existing' | 'missing';
  readonly code: ProblemCode;
  readonly status: number;
}[] = [
  { name: 'without a precondition', headers: {}, of: 'existing', code: 'precondition_required', status: 428 },
  {
    name: 'without a precondition, for a missing resource',
    headers: {},
    of: 'missing',
    code: 'precondition_required',
    status: 428,
  },
  {
    name: 'with the ETag of an earlier revision',
    headers: { 'if-match': '"1"' },
    of: 'existing',
    code: 'revision_stale',
    status: 412,
  },
  {
    name: 'with the ETag of a later revision',
    headers: { 'if-match': '"3"' },
    of: 'existing',
    code: 'revision_stale',
    status: 412,
  },
  {
    name: 'with If-None-Match, for an existing resource',
    headers: { 'if-none-match': '*' },
    of: 'existing',
    code: 'precondition_failed',
    status: 412,
  },
  {
    name: 'with If-Match, for a missing resource',
    headers: { 'if-match': '"1"' },
    of: 'missing',
    code: 'not_found',
    status: 404,
  },
  {
    name: 'with If-Match: *, for a missing resource',
    headers: { 'if-match': '*' },
    of: 'missing',
    code: 'not_found',
    status: 404,
  },
];

for (const { path, existing, body } of kinds) {
  for (const { name, headers, of, code, status } of refusals) {
    test(`PUT ${path}/{name} ${name} answers ${status} and changes nothing`, async () => {
      const target = of === 'existing' ? existing : 'nothing-here';
      const state = await readControlState(installation);
      const entries = await entriesOf(installation, async () => {
        const answer = await exchange({ method: 'PUT', path: `${path}/${target}`, body: body(target), headers });
        assert.equal(answer.status, status, answer.text);
        assert.equal(answer.problem().code, code);
      });
      assert.deepEqual(entries, []);
      assert.deepEqual(await readControlState(installation), state);
    });
  }

  test(`PUT ${path}/{name} of the current manifest changes nothing: no revision, no entry, the same ETag`, async () => {
    const read = await exchange({ path: `${path}/${existing}` });
    const state = await readControlState(installation);
    const entries = await entriesOf(installation, async () => {
      const answer = await exchange({
        method: 'PUT',
        path: `${path}/${existing}`,
        body: read.json(),
        headers: { 'if-match': '"2"' },
      });
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.headers.get('etag'), '"2"');
    });
    assert.deepEqual(entries, []);
    assert.deepEqual(await readControlState(installation), state);
  });

  test(`exactly one of 8 concurrent changes of a ${path}/{name} with the same ETag succeeds`, async () => {
    const before = await exchange({ path: `${path}/${existing}` });
    const etag = before.headers.get('etag') ?? '';
    const { spec, metadata, ...rest } = before.json<{ spec: object; metadata: { generation: number } }>();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        exchange({
          method: 'PUT',
          path: `${path}/${existing}`,
          body: { ...rest, metadata, spec: { ...spec, displayName: `by ${index}` } },
          headers: { 'if-match': etag },
        }),
      ),
    );
    assert.deepEqual(
      answers.map((answer) => answer.status).toSorted((a, b) => a - b),
      [200, 412, 412, 412, 412, 412, 412, 412],
    );
    const after = await exchange({ path: `${path}/${existing}` });
    assert.equal(after.json<{ metadata: { generation: number } }>().metadata.generation, metadata.generation + 1);
    assert.equal(after.headers.get('etag'), answers.find((answer) => answer.status === 200)?.headers.get('etag'));
  });

  test(`all of 8 concurrent changes of a ${path}/{name} with If-Match: * succeed, one after the other`, async () => {
    const { spec, metadata, ...rest } = (await exchange({ path: `${path}/${existing}` })).json<{
      spec: object;
      metadata: { generation: number };
    }>();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        exchange({
          method: 'PUT',
          path: `${path}/${existing}`,
          body: { ...rest, metadata, spec: { ...spec, displayName: `whatever stood there, ${index}` } },
          headers: { 'if-match': '*' },
        }),
      ),
    );
    assert.deepEqual(
      answers.map((answer) => answer.status),
      Array.from({ length: 8 }, () => 200),
    );
    const after = await exchange({ path: `${path}/${existing}` });
    assert.equal(after.json<{ metadata: { generation: number } }>().metadata.generation, metadata.generation + 8);
  });

  test(`exactly one of 8 concurrent creations of a ${path}/{name} succeeds, and its generation is 1`, async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, () =>
        exchange({ method: 'PUT', path: `${path}/raced`, body: body('raced'), headers: { 'if-none-match': '*' } }),
      ),
    );
    assert.deepEqual(
      answers.map((answer) => answer.status).toSorted((a, b) => a - b),
      [201, 412, 412, 412, 412, 412, 412, 412],
    );
    assert.equal(
      (await exchange({ path: `${path}/raced` })).json<{ metadata: { generation: number } }>().metadata.generation,
      1,
    );
  });
}

test('POST :activate answers 428 without a precondition, and 412 for an earlier revision', async () => {
  const path = '/v1/tenants/acme:activate';
  assert.equal((await exchange({ method: 'POST', path, headers: { 'idempotency-key': 'a' } })).status, 428);
  assert.equal(
    (await exchange({ method: 'POST', path, headers: { 'idempotency-key': 'b', 'if-match': '"1"' } })).status,
    412,
  );
  assert.equal(
    (
      await exchange({
        method: 'POST',
        path: '/v1/tenants/nothing-here:activate',
        headers: { 'idempotency-key': 'c', 'if-match': '*' },
      })
    ).status,
    404,
  );
});

test('exactly one of 8 concurrent regions that name the same cell gets it', async () => {
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, index) => {
      const name = `contender-${index}`;
      const body = {
        apiVersion: 'tenure/v1',
        kind: 'Region',
        metadata: { name },
        spec: { jurisdiction: 'EU', cells: [{ name: `${name}-a` }, { name: 'contended' }] },
      };
      return exchange({ method: 'PUT', path: `/v1/regions/${name}`, body, headers: { 'if-none-match': '*' } });
    }),
  );
  assert.deepEqual(
    answers.map((answer) => answer.status).toSorted((a, b) => a - b),
    [201, 409, 409, 409, 409, 409, 409, 409],
  );
  for (const answer of answers.filter(({ status }) => status === 409)) {
    assert.equal(answer.problem().code, 'already_exists');
    assert.match(answer.problem().detail, /belongs to/);
  }
});
