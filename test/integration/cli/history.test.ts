import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { createApiClient } from '../../../client/api-client.ts';
import type { ApiClient, ApiClientOptions } from '../../../client/api-client.ts';
import { ApiError } from '../../../client/api-error.ts';
import { tenantManifestSchema } from '../../../contracts/manifests/tenant.ts';
import { problems } from '../../../contracts/problems.ts';
import { exitCodes } from '../../../contracts/problem-type.ts';
import type { RevisionSummary, TenantDifference, TenantRevision } from '../../../contracts/tenant-revision.ts';
import { declareBasics, tenantManifest } from '../../harness/manifests.ts';
import type { TenantInput } from '../../harness/manifests.ts';
import { borrowInstallationCli } from './installation-cli.ts';
import type { InstallationCli } from './installation-cli.ts';

let cli: InstallationCli;

const labelled = (manifest: TenantInput, labels: Record<string, string>): TenantInput => ({
  ...manifest,
  metadata: { ...manifest.metadata, labels },
});
const generations = [
  labelled(tenantManifest('acme', { displayName: 'One' }), { env: 'dev' }),
  labelled(tenantManifest('acme', { displayName: 'Two' }), { env: 'prod' }),
  labelled(
    tenantManifest('acme', { displayName: 'Three', services: [{ name: 'shop', collections: [{ name: 'orders' }] }] }),
    { env: 'prod', tier: 'gold' },
  ),
];

before(async () => {
  cli = await borrowInstallationCli();
  await declareBasics(cli.installation.client());
  for (const generation of generations) {
    cli.write('acme.yaml', generation);
    assert.equal((await cli.run(['apply', '-f', 'acme.yaml'])).code, exitCodes.ok);
  }
  cli.write(
    'others.yaml',
    labelled(tenantManifest('active', { lifecycle: 'Active' }), { env: 'prod' }),
    labelled(tenantManifest('bare'), {}),
  );
  assert.equal((await cli.run(['apply', '-f', 'others.yaml', '--wait'])).code, exitCodes.ok);
});
after(() => cli.stop());

const filters: readonly (readonly [argv: readonly string[], names: readonly string[]])[] = [
  [
    ['-l', 'env=prod'],
    ['acme', 'active'],
  ],
  [['--selector', 'env in (prod,dev),!tier'], ['active']],
  [['-l', '!env'], ['bare']],
  [['--lifecycle', 'Active,Archived'], ['active']],
  [['--condition', 'Ready!=True', '--prefix', 'a'], ['acme']],
  [
    ['--plan', 'startup', '--show-deleted'],
    ['acme', 'active', 'bare'],
  ],
  [['--plan', 'enterprise'], []],
];
for (const [argv, names] of filters) {
  test(`get tenants ${argv.join(' ')}`, async () => {
    const { code, stdout } = await cli.run(['get', 'tenants', ...argv, '-o', 'name']);
    assert.deepEqual([code, stdout], [exitCodes.ok, names.map((name) => `tenant/${name}\n`).join('')]);
  });
}

test('get tenants --region lists the tenants that are placed there', async () => {
  const placed =
    (await cli.installation.client().call('getTenant', { params: { name: 'active' } })).body.status.placement?.region ??
    '';
  assert.equal((await cli.run(['get', 'tenants', '--region', placed, '-o', 'name'])).stdout, 'tenant/active\n');
});

test('an invalid filter is a usage error with its position', async () => {
  const { code, stdout, stderr } = await cli.run(['get', 'tenants', '-l', 'env in prod']);
  assert.deepEqual([code, stdout], [exitCodes.usage, '']);
  assert.match(
    stderr,
    /^ {2}--selector: position 8: expected "\(" after "in", found "prod"\n {2}fix: Write requirements such as/m,
  );
});

test('get --at prints an earlier generation as a table, and as a manifest that apply accepts', async () => {
  assert.match(
    (await cli.run(['get', 'tenant', 'acme', '--at', '2'])).stdout,
    /^NAME {3}GENERATION {3}SINCE +PLAN +DECLARED\nacme {3}2 {12}\d{4}-\S+Z {3}startup {3}Draft\n$/,
  );
  const { stdout } = await cli.run(['get', 'tenant/acme', '--at', '2', '-o', 'yaml']);
  const manifest = tenantManifestSchema.parse(parse(stdout));
  assert.deepEqual([manifest.metadata.labels, manifest.spec.displayName], [{ env: 'prod' }, 'Two']);
  const { metadata } = JSON.parse(
    (await cli.run(['get', 'tenant', 'acme', '--at', '1', '-o', 'json'])).stdout,
  ) as TenantRevision;
  assert.deepEqual(
    JSON.parse((await cli.run(['get', 'tenant', 'acme', '--at', metadata.time, '-o', 'json'])).stdout),
    JSON.parse((await cli.run(['get', 'tenant', 'acme', '--at', '1', '-o', 'json'])).stdout),
  );
  const missing = await cli.run(['get', 'tenant', 'acme', '--at', '9']);
  assert.deepEqual([missing.code, missing.stdout], [exitCodes.notFound, '']);
  assert.match(missing.stderr, /has no generation 9: generations 1 to 3 exist/);
});

test('history is a table of who changed what and when, newest first', async () => {
  const { code, stdout, stderr } = await cli.run(['history', 'tenant', 'acme']);
  assert.deepEqual([code, stderr], [exitCodes.ok, '']);
  const [header, ...rows] = stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ {3,}/));
  assert.deepEqual(header, ['GENERATION', 'TIME', 'WHO', 'ACTION', 'OPERATION', 'CHANGED']);
  assert.deepEqual(
    rows.map(([generation, , ...rest]) => [generation, ...rest]),
    [
      [
        '3',
        'alice@example.com',
        'tenant.update',
        '-',
        '/metadata/labels/tier, /spec/displayName, /spec/services/0/collections/0/indexes/0, /spec/services/0/collections/0/jsonSchema, /spec/services/0/collections/1',
      ],
      ['2', 'alice@example.com', 'tenant.update', '-', '/metadata/labels/env, /spec/displayName'],
      ['1', 'alice@example.com', 'tenant.create', '-', '-'],
    ],
  );
  const createClient = (options: ApiClientOptions): ApiClient => {
    const client = createApiClient(options);
    return {
      ...client,
      call: (route, call) => client.call(route, { ...call, query: { ...call?.query, pageSize: 1 } } as typeof call),
    };
  };
  const json = JSON.parse((await cli.run(['history', 'tenant/acme', '-o', 'json'], { createClient })).stdout) as {
    items: RevisionSummary[];
  };
  assert.deepEqual(
    json.items.map(({ generation }) => generation),
    [3, 2, 1],
  );
  assert.equal(
    parseAllDocuments((await cli.run(['history', 'tenant/acme', '-o', 'yaml', '--limit', '2'])).stdout).length,
    2,
  );
});

test('diff shows what differs and ends with 1, or shows nothing and ends with 0', async () => {
  const { code, stdout, stderr } = await cli.run(['diff', 'tenant', 'acme', '--from', '1', '--to', '2']);
  assert.deepEqual([code, stderr], [exitCodes.differs, '']);
  assert.match(
    stdout,
    /^--- tenant\/acme generation 1 \(\S+Z\)\n\+\+\+ tenant\/acme generation 2 \(\S+Z\)\n\/metadata\/labels\/env\n- dev\n\+ prod\n\/spec\/displayName\n- One\n\+ Two\n$/,
  );
  assert.match(
    (await cli.run(['diff', 'tenant/acme', '--from', '2'])).stdout,
    /\n\/spec\/services\/0\/collections\/1\n- name: events\n- indexes:\n- {3}- keys:\n/,
  );
  const coloured = (await cli.run(['diff', 'tenant/acme', '--to', '2'], { terminalColumns: 80 })).stdout;
  assert.ok(coloured.includes('\u001B[31m- One\u001B[39m\n\u001B[32m+ Two\u001B[39m\n'), coloured);
  assert.deepEqual(await cli.run(['diff', 'tenant/acme', '--from', '3']), {
    code: exitCodes.ok,
    stdout: '',
    stderr: '',
  });
  const json = await cli.run(['diff', 'tenant/acme', '--from', '1', '--to', '2', '-o', 'json']);
  assert.equal(json.code, exitCodes.differs);
  assert.deepEqual(
    (JSON.parse(json.stdout) as TenantDifference).changes.map(({ pointer }) => pointer),
    ['/metadata/labels/env', '/spec/displayName'],
  );
});

test('a diff that fails ends with an exit code above 1, for any reason', async () => {
  for (const argv of [['tenant/nobody'], ['tenant/acme', '--from', '9'], ['tenant/acme', '--from', 'x']]) {
    const { code, stdout, stderr } = await cli.run(['diff', ...argv]);
    assert.ok(code > exitCodes.differs, stderr);
    assert.equal(stdout, '');
  }
  const { status, title, fix, retryable } = problems.internal;
  const refuse = () =>
    Promise.reject(
      new ApiError({ type: '', code: 'internal', title, status, detail: 'x', fix, requestId: 'r', retryable }),
    );
  const failing = () => ({ server: '', call: refuse, stream: refuse });
  assert.equal((await cli.run(['diff', 'tenant/acme'], { createClient: failing })).code, exitCodes.unavailable);
});

test('rollback declares an earlier generation again and says so; repeating it changes nothing', async () => {
  assert.deepEqual(await cli.run(['rollback', 'tenant', 'acme', '--to', '1', '--wait']), {
    code: exitCodes.ok,
    stdout: 'tenant/acme rolled back to generation 1, as generation 4\n',
    stderr: '',
  });
  assert.deepEqual(await cli.run(['diff', 'tenant/acme', '--from', '1']), {
    code: exitCodes.ok,
    stdout: '',
    stderr: '',
  });
  assert.equal((await cli.run(['rollback', 'tenant/acme', '--to', '1'])).stdout, 'tenant/acme unchanged\n');
  const json = await cli.run(['rollback', 'tenant/acme', '--to', '2', '-o', 'json']);
  assert.equal(json.stderr, 'tenant/acme rolled back to generation 2, as generation 5\n');
  assert.equal((JSON.parse(json.stdout) as TenantRevision).spec.displayName, 'Two');
  const refused = await cli.run(['rollback', 'tenant/acme', '--to', '77']);
  assert.deepEqual([refused.code, refused.stdout], [exitCodes.notFound, '']);
});

test('plans and regions are described', async () => {
  const plan = await cli.run(['describe', 'plan', 'startup']);
  for (const part of [
    /^Plan: +startup$/m,
    /^Isolation: +dedicated, schema, hybrid$/m,
    /^Regions: +any$/m,
    /^Tables: +at most 100: /m,
    /^Generation: +1$/m,
  ])
    assert.match(plan.stdout, part);
  const region = await cli.run(['describe', 'region/eu-west-1']);
  for (const part of [
    /^Jurisdiction: +EU$/m,
    /^New tenants: +accepted$/m,
    /^Cells:\n {2}CELL +TABLE-BUDGET +STATE\n {2}eu-west-1-a +20000 +(?:reachable|away: no worker can reach it)$/m,
  ])
    assert.match(region.stdout, part);
  assert.equal((await cli.run(['describe', 'region/eu-west-1', '-o', 'name'])).stdout, 'region/eu-west-1\n');
  assert.equal((await cli.run(['describe', 'plan', 'nothing'])).code, exitCodes.notFound);
});
