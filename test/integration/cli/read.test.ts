import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { createApiClient } from '../../../client/api-client.ts';
import type { ApiClient, ApiClientOptions } from '../../../client/api-client.ts';
import type { Operation } from '../../../contracts/operation.ts';
import type { Tenant } from '../../../contracts/manifests/tenant.ts';
import { tenantManifestSchema } from '../../../contracts/manifests/tenant.ts';
import { exitCodes } from '../../../contracts/problem-type.ts';
import { declareBasics, tenantManifest } from '../../harness/manifests.ts';
import { borrowInstallationCli } from './installation-cli.ts';
import type { InstallationCli } from './installation-cli.ts';

let cli: InstallationCli;
/** The ids of acme's activation and of a failed one. */
let succeeded: string;
let failed: string;

async function operationOf(name: string): Promise<string> {
  const { stdout } = await cli.run(['operations', '--tenant', name, '-o', 'name']);
  const id = /^operation\/(\S+)\n$/.exec(stdout)?.[1];
  assert.ok(id !== undefined, stdout);
  return id;
}

before(async () => {
  cli = await borrowInstallationCli();
  await declareBasics(cli.installation.client());
  const services = [
    { name: 'shop', collections: [{ name: 'orders', jsonSchema: { patternProperties: { '(': {} } } }] },
  ];
  cli.write(
    'tenants.yaml',
    tenantManifest('acme', { displayName: 'Acme Žluť', lifecycle: 'Active' }),
    tenantManifest('draft'),
    tenantManifest('broken', { lifecycle: 'Active', services }),
  );
  const applied = await cli.run(['apply', '-f', 'tenants.yaml', '--wait']);
  assert.equal(applied.code, exitCodes.operationFailed, applied.stderr);
  [succeeded, failed] = [await operationOf('acme'), await operationOf('broken')];
});
after(() => cli.stop());

test('get prints lists as tables, with all pages and no more than --limit', async () => {
  const { code, stdout, stderr } = await cli.run(['get', 'tenants']);
  assert.deepEqual([code, stderr], [exitCodes.ok, '']);
  const [header, acme = [], ...others] = stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ {3,}/));
  assert.deepEqual(header, ['NAME', 'PLAN', 'TEMPLATE', 'LIFECYCLE', 'READY', 'REGION', 'AGE', 'NOTES', 'OPERATION']);
  assert.deepEqual(acme.slice(0, 5), ['acme', 'startup', '-', 'Active', 'True']);
  assert.match(acme[5] ?? '', /^(eu-west-1|us-east-1)$/);
  assert.deepEqual(
    others.map((line) => line.slice(0, 6)),
    [
      ['broken', 'startup', '-', 'Draft', 'False', '-'],
      ['draft', 'startup', '-', 'Draft', 'False', '-'],
    ],
  );
  assert.equal((await cli.run(['get', 'tenant', '--limit', '2', '-o', 'name'])).stdout, 'tenant/acme\ntenant/broken\n');
  assert.match(
    (await cli.run(['get', 'plans'])).stdout,
    /^NAME {6}MODES {21}REGIONS {3}TABLES {3}AGE\nstartup {3}dedicated,schema,hybrid {3}any {7}100 {6}\d+m?\d*s\n$/,
  );
  assert.match((await cli.run(['get', 'regions'])).stdout, /^us-east-1 {3}US {13}1 {7}yes {15}\d+m?\d*s$/m);
  assert.match(
    (await cli.run(['get', 'operations'])).stdout,
    new RegExp(`^${succeeded} {3}acme {5}activate {3}succeeded {3}7/7 `, 'm'),
  );
});

test('a list of several pages is read to its end', async () => {
  const createClient = (options: ApiClientOptions): ApiClient => {
    const client = createApiClient(options);
    return {
      ...client,
      call: (route, call) => client.call(route, { ...call, query: { ...call?.query, pageSize: 1 } } as typeof call),
    };
  };
  assert.equal(
    (await cli.run(['get', 'tenants', '-o', 'name'], { createClient })).stdout,
    'tenant/acme\ntenant/broken\ntenant/draft\n',
  );
  assert.equal(
    (await cli.run(['get', 'tenants', '-o', 'name', '--limit', '2'], { createClient })).stdout,
    'tenant/acme\ntenant/broken\n',
  );
});

test('an empty list prints a message instead of a table, and data in other formats', async () => {
  const nobody = { roles: ['admin'], tenants: ['01arz3ndektsv4rrffq69g5fav'] };
  assert.deepEqual(await cli.run(['get', 'tenants'], {}, nobody), {
    code: exitCodes.ok,
    stdout: '',
    stderr: 'no tenants\n',
  });
  assert.deepEqual(await cli.run(['get', 'tenants', '-o', 'json'], {}, nobody), {
    code: exitCodes.ok,
    stdout: '{\n  "items": []\n}\n',
    stderr: '',
  });
});

test('-o json prints the object of the API, or a list of objects', async () => {
  const { body } = await cli.installation.client().call('getTenant', { params: { name: 'acme' } });
  for (const verb of [['get'], ['describe'], ['wait']])
    assert.deepEqual(JSON.parse((await cli.run([...verb, 'tenant/acme', '-o', 'json'])).stdout), body, verb[0]);
  const both = JSON.parse((await cli.run(['get', 'tenant', 'draft', 'acme', '-o', 'json'])).stdout) as {
    items: Tenant[];
  };
  assert.deepEqual(
    both.items.map(({ metadata }) => metadata.name),
    ['draft', 'acme'],
  );
  const operation = JSON.parse((await cli.run(['get', `operation/${succeeded}`, '-o', 'json'])).stdout) as Operation;
  assert.deepEqual([operation.id, operation.state], [succeeded, 'succeeded']);
});

test('-o yaml prints what apply accepts, one document for each resource', async () => {
  const { stdout } = await cli.run(['get', 'tenants', '-o', 'yaml']);
  const documents = parseAllDocuments(stdout).map((document) => document.toJS() as unknown);
  assert.deepEqual(
    documents.map((document) => tenantManifestSchema.parse(document).metadata.name),
    ['acme', 'broken', 'draft'],
  );
  const applied = await cli.run(['apply', '-f', '-'], {
    stdin: (await cli.run(['get', 'tenant/acme', '-o', 'yaml'])).stdout,
  });
  assert.deepEqual([applied.code, applied.stdout], [exitCodes.ok, 'tenant/acme unchanged\n']);
});

test('operations are listed newest first, by tenant and by state', async () => {
  assert.equal((await cli.run(['operations', '-o', 'name'])).stdout, `operation/${failed}\noperation/${succeeded}\n`);
  assert.equal((await cli.run(['operations', '--state', 'failed', '-o', 'name'])).stdout, `operation/${failed}\n`);
  assert.match((await cli.run(['operations', '--tenant', 'broken'])).stdout, /failed .* schema_rejected\n$/);
  assert.deepEqual(await cli.run(['operations', '--tenant', 'draft']), {
    code: exitCodes.ok,
    stdout: '',
    stderr: 'no operations\n',
  });
  const json = JSON.parse((await cli.run(['operations', '-o', 'json', '--limit', '1'])).stdout) as {
    items: Operation[];
  };
  assert.deepEqual(
    json.items.map(({ id }) => id),
    [failed],
  );
  assert.equal(parseAllDocuments((await cli.run(['operations', '-o', 'yaml'])).stdout).length, 2);
});

test('a tenant is described with its placement, conditions and last operations', async () => {
  const { stdout } = await cli.run(['describe', 'tenant', 'acme']);
  for (const part of [
    /^Display name: +Acme Žluť$/m,
    /^Lifecycle: +Active$/m,
    /^Placed: +dedicated in \S+, cell \S+, database \S+$/m,
    /^ {2}shop: orders, events$/m,
    /^ {2}TYPE +STATUS +SINCE +REASON +MESSAGE$/m,
    /^ {2}Ready +True /m,
    new RegExp(`^  ${succeeded} +acme +activate +succeeded`, 'm'),
  ]) {
    assert.match(stdout, part);
  }
  const draft = await cli.run(['describe', 'tenant/draft']);
  assert.match(draft.stdout, /^Placed: +nowhere yet$/m);
  assert.equal((await cli.run(['describe', 'tenant/acme', '-o', 'name'])).stdout, 'tenant/acme\n');
});

test('an operation is described step by step, a failed one with its fix', async () => {
  const good = await cli.run(['describe', 'operation', succeeded]);
  assert.match(good.stdout, /^ {2}STEP +STATE +ATTEMPTS +TOOK +RESULT$/m);
  assert.match(good.stdout, /^ {2}Create roles +done +1 +\d+ms +\S/m);
  const bad = await cli.run(['describe', `operation/${failed}`]);
  assert.match(bad.stdout, /^State: +failed$/m);
  assert.match(
    bad.stdout,
    /^Error:\n {2}Code: +schema_rejected .*\n {2}Message: .*orders.*\n(?: {2}\S.*\n)* {2}Fix: +Correct the collection/m,
  );
});

test('wait ends at once if the condition is already met, and with exit code 7 on a timeout', async () => {
  const ready = await cli.run(['wait', 'tenant/acme', '--for=Ready']);
  assert.deepEqual([ready.code, ready.stderr], [exitCodes.ok, '']);
  assert.match(ready.stdout, /^tenant\/acme reached the condition: Ready is True /);
  for (const condition of ['lifecycle=Active', 'condition=Ready', 'condition=Ready=True', 'condition=Placed=True']) {
    assert.equal(
      (await cli.run(['wait', 'tenant', 'acme', `--for=${condition}`, '--timeout', '0s'])).code,
      exitCodes.ok,
      condition,
    );
  }
  assert.equal((await cli.run(['wait', `operation/${succeeded}`, '-o', 'name'])).stdout, `operation/${succeeded}\n`);
  const late = await cli.run(['wait', 'tenant/draft', '--timeout', '50ms']);
  assert.deepEqual([late.code, late.stdout], [exitCodes.waitTimeout, '']);
  assert.match(
    late.stderr,
    /^error: timed out after 50ms\ntenant\/draft: Ready is False \(Draft: .*\)\nto resume waiting: tenure wait tenant\/draft --for=Ready\n$/,
  );
});

test('a missing resource ends with exit code 3', async () => {
  const some = await cli.run(['get', 'tenant', 'nobody', 'acme', 'noone', '-o', 'name']);
  assert.deepEqual([some.code, some.stdout], [exitCodes.notFound, 'tenant/acme\n'], 'existing resources are printed');
  assert.match(some.stderr, /^resource: tenant\/nobody\n(?:.*\n)*resource: tenant\/noone$/m);
  assert.deepEqual(JSON.parse((await cli.run(['get', 'tenant', 'nobody', 'noone', '-o', 'json'])).stdout), {
    items: [],
  });
  for (const argv of [
    ['get', 'tenant', 'nobody'],
    ['describe', 'tenant', 'nobody'],
    ['operations', '--tenant', 'nobody'],
    ['wait', `operation/${'0'.repeat(26)}`],
  ]) {
    const { code, stdout, stderr } = await cli.run(argv);
    assert.deepEqual([code, stdout], [exitCodes.notFound, ''], argv.join(' '));
    assert.match(stderr, /^error: The resource does not exist: .* does not exist\n(resource: .*\n)?fix: /);
  }
});

test('doctor finds no problem, can-i asks policy, and completion offers the names', async () => {
  const checked = await cli.run(['doctor', '-o', 'json']);
  assert.equal(checked.code, exitCodes.ok, checked.stdout);
  const { checks } = JSON.parse(checked.stdout) as { checks: { check: string; status: string }[] };
  assert.deepEqual(
    checks.filter(({ status }) => status === 'problem' || status === 'skipped'),
    [],
  );
  assert.deepEqual(
    checks
      .filter(({ check }) => ['control', 'temporal', 'policy', 'version', 'caller', 'list'].includes(check))
      .map(({ status }) => status),
    ['ok', 'ok', 'ok', 'ok', 'ok', 'ok'],
  );
  assert.deepEqual(await cli.run(['can-i', 'suspend', 'tenant/acme']), {
    code: exitCodes.ok,
    stdout: 'yes\n',
    stderr: '',
  });
  const viewer = { roles: ['viewer'] };
  const no = await cli.run(['can-i', 'suspend', 'tenant/acme'], {}, viewer);
  assert.deepEqual([no.code, no.stdout], [exitCodes.denied, 'no\n']);
  assert.match(
    (await cli.run(['can-i', '--list', 'plan'], {}, viewer)).stdout,
    /^KIND +VERB +ALLOWED +WHY-NOT\nplan +get +yes +-\nplan +list +yes +-\nplan +apply +no +No role/,
  );
  assert.equal((await cli.run(['__complete', '--', 'describe', 'tenant', 'dra'])).stdout, 'draft\t\n:\n');
});
