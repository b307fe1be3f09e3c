import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { createApiClient } from '../../../client/api-client.ts';
import type { ApiClient } from '../../../client/api-client.ts';
import { exitCodes } from '../../../contracts/problem-type.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { tenantManifest } from '../../harness/manifests.ts';
import { borrowInstallationCli } from './installation-cli.ts';
import type { InstallationCli } from './installation-cli.ts';

const uid = '[0-9a-z]{26}';
const region = `apiVersion: tenure/v1
kind: Region
metadata:
  name: eu-west-1
spec:
  jurisdiction: EU
  cells:
    - name: eu-west-1-a
`;
const plan = `apiVersion: tenure/v1
kind: Plan
metadata:
  name: startup
spec:
  isolationModes: [dedicated]
  quotas:
    tables: 100
`;
const plain = (name: string, tail: string): string => `apiVersion: tenure/v1
kind: Tenant
metadata:
  name: ${name}
spec:
  plan: startup
  services:
    - name: shop
      collections:
        - name: orders
${tail}`;

let cli: InstallationCli;
before(async () => {
  cli = await borrowInstallationCli();
  // Out of order on purpose: a tenant needs its plan and a region.
  cli.write('all.yaml', tenantManifest('acme', { lifecycle: 'Active' }), plan, region);
});
after(() => cli.stop());

test('apply orders three manifests and waits for them; applied again, they are unchanged', async () => {
  const first = await cli.run(['apply', '-f', 'all.yaml', '--wait']);
  assert.equal(first.code, exitCodes.ok, first.stderr);
  assert.match(
    first.stdout,
    new RegExp(
      `^region/eu-west-1 created\nplan/startup created\ntenant/acme created\noperation/(${uid}) \\(activate\\) (accepted|running)\noperation/\\1 \\(activate\\) succeeded\n$`,
    ),
  );
  const told = JSON.parse(first.stderr.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;
  assert.deepEqual(
    [told['tenant'], told['kind'], told['state'], told['done'], told['total']],
    ['acme', 'activate', 'succeeded', 7, 7],
  );

  const again = await cli.run(['apply', '-f', 'all.yaml', '--wait']);
  assert.deepEqual(again, {
    code: exitCodes.ok,
    stdout: 'region/eu-west-1 unchanged\nplan/startup unchanged\ntenant/acme unchanged\n',
    stderr: '',
  });

  const changed = await cli.run(['apply', '-f', '-'], { stdin: plan.replace('tables: 100', 'tables: 90') });
  assert.deepEqual([changed.stdout, changed.code], ['plan/startup configured\n', exitCodes.ok]);
});

test('with an output format stdout contains only the resources', async () => {
  const json = await cli.run(['apply', '-f', 'all.yaml', '-o', 'json']);
  assert.deepEqual(
    (JSON.parse(json.stdout) as { items: { kind: string }[] }).items.map(({ kind }) => kind),
    ['Region', 'Plan', 'Tenant'],
  );
  assert.match(json.stderr, /^tenant\/acme unchanged$/m);
  const yaml = await cli.run(['apply', '-f', 'all.yaml', '-o', 'yaml']);
  assert.equal(parseAllDocuments(yaml.stdout).length, 3);
  assert.deepEqual(await cli.run(['apply', '-f', '-', '-o', 'name'], { stdin: yaml.stdout }), {
    code: exitCodes.ok,
    stdout: 'region/eu-west-1\nplan/startup\ntenant/acme\n',
    stderr: 'region/eu-west-1 unchanged\nplan/startup unchanged\ntenant/acme unchanged\n',
  });
});

test('apply accepts what get prints, as documents and as a list', async () => {
  for (const format of ['yaml', 'json']) {
    const printed = (await cli.run(['get', 'tenants', '-o', format])).stdout;
    assert.deepEqual(
      await cli.run(['apply', '-f', '-'], { stdin: printed }),
      { code: exitCodes.ok, stdout: 'tenant/acme unchanged\n', stderr: '' },
      format,
    );
  }
});

test('a manifest that policy denies is reported with its position, and later manifests are applied', async () => {
  cli.write('refused.yaml', plain('mars', '  placement:\n    preferredRegion: mars-1\n'), plain('later', ''));
  const { code, stdout, stderr } = await cli.run(['apply', '-f', 'refused.yaml']);
  assert.deepEqual([code, stdout], [exitCodes.denied, 'tenant/later created\n']);
  assert.match(stderr, /^error: Policy denies the change: /);
  assert.match(stderr, /^resource: tenant\/mars \(refused\.yaml:4:9\)$/m);
  assert.match(stderr, /^refused\.yaml:12:22: .*mars-1.*\n {2}12 \| {5}preferredRegion: mars-1\n {5}\| {22}\^{6}$/m);
  assert.match(stderr, /^ {2}allowed: eu-west-1$/m);
  assert.match(stderr, /^fix: .*\nrequestId: \S+\nnot applied: tenant\/mars$/m);
});

test('an operation that fails ends the command with exit code 1, the reason and the fix', async () => {
  const jsonSchema = '          jsonSchema: { patternProperties: { "(nonsense": {} } }\n';
  cli.write('broken.yaml', plain('broken', `${jsonSchema}  lifecycle: Active\n`));
  const { code, stdout, stderr } = await cli.run(['apply', '-f', 'broken.yaml', '--wait']);
  assert.equal(code, exitCodes.operationFailed);
  assert.match(stdout, new RegExp(`^operation/${uid} \\(activate\\) failed$`, 'm'));
  assert.match(
    stderr,
    /^error: activate of tenant\/broken failed: .* \(schema_rejected\): .*orders.*regular expression/m,
  );
  assert.match(stderr, /^resource: tenant\/broken \(broken\.yaml:4:9\)$/m);
  assert.match(stderr, /^fix: Correct the collection/m);

  const waited = await cli.run(['wait', /operation\/\S+/.exec(stdout)?.[0] ?? '']);
  assert.equal(waited.code, exitCodes.operationFailed);
  assert.match(waited.stderr, /schema_rejected/);
});

/** The real client, except that it calls `first` before the first call of a route. */
function interposing(
  route: string,
  first: () => Promise<unknown>,
): (options: Parameters<typeof createApiClient>[0]) => ApiClient {
  let pending: (() => Promise<unknown>) | undefined = first;
  return (options) => {
    const client = createApiClient(options);
    return {
      ...client,
      async call(id, call) {
        const act = id === route ? pending : undefined;
        if (act !== undefined) pending = undefined;
        await act?.();
        return client.call(id, call);
      },
    };
  };
}

test('a resource that others change in the meantime is read again once, with a message', async () => {
  const other = async (): Promise<unknown> =>
    cli.run(['apply', '-f', '-'], { stdin: plan.replace('tables: 100', 'tables: 70') });
  const changed = await cli.run(['apply', '-f', '-'], {
    stdin: plan.replace('tables: 100', 'tables: 80'),
    createClient: interposing('putPlan', other),
  });
  assert.deepEqual(changed, {
    code: exitCodes.ok,
    stdout: 'plan/startup configured\n',
    stderr: 'plan/startup has changed in the meantime; reading it again\n',
  });

  const fresh = plan.replace('startup', 'fresh');
  const created = await cli.run(['apply', '-f', '-'], {
    stdin: fresh,
    createClient: interposing('putPlan', async () => cli.run(['apply', '-f', '-'], { stdin: fresh })),
  });
  assert.deepEqual([created.code, created.stdout], [exitCodes.ok, 'plan/fresh unchanged\n']);
});

test('an unreachable API, an expired token and a role that may not apply have matching exit codes', async () => {
  const unreachable = await cli.run(['apply', '-f', 'all.yaml'], {
    environment: { TENURE_SERVER: 'http://127.0.0.1:1', TENURE_TOKEN: 'x' },
  });
  assert.equal(unreachable.code, exitCodes.unavailable);
  assert.match(
    unreachable.stderr,
    /^error: no response from http:\/\/127\.0\.0\.1:1: .*\nresource: region\/eu-west-1 \(all\.yaml:\d+:9\)\nfix: start the installation/,
  );

  const expired = await attachToStack().mintToken({ subject: 'late@example.com', roles: ['admin'], ttlSeconds: -60 });
  const late = await cli.run(['apply', '-f', 'all.yaml'], { environment: { TENURE_TOKEN: expired } });
  assert.equal(late.code, exitCodes.denied);
  assert.match(late.stderr, /: the token has expired\n/);

  const viewer = await cli.run(['apply', '-f', '-'], { stdin: region.replace('EU', 'US') }, { roles: [] });
  assert.equal(viewer.code, exitCodes.denied);
});

test('a server dry run says what would happen, and changes nothing', async () => {
  const dry = (manifest: object) => cli.run(['apply', '-f', cli.write('dry.yaml', manifest), '--dry-run=server']);
  assert.deepEqual(await dry(tenantManifest('rehearsed', { lifecycle: 'Active' })), {
    code: exitCodes.ok,
    stdout: 'tenant/rehearsed created, then activate (server dry run)\n',
    stderr: '',
  });
  assert.equal((await cli.run(['get', 'tenant', 'rehearsed'])).code, exitCodes.notFound);
  const refused = await dry(tenantManifest('rehearsed', { plan: 'nowhere', lifecycle: 'Active' }));
  assert.equal(refused.code, exitCodes.denied, refused.stderr);
  assert.deepEqual(await cli.run(['suspend', 'acme', '--dry-run=server']), {
    code: exitCodes.ok,
    stdout: 'tenant/acme suspend would start (server dry run)\n',
    stderr: '',
  });
  assert.match(await cli.done('get', 'tenant', 'acme'), /^acme .* Active +True .* -$/m);
});
