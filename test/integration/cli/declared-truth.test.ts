import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { parse } from 'yaml';
import { apiVersion } from '../../../contracts/manifests/metadata.ts';
import type { Tenant } from '../../../contracts/manifests/tenant.ts';
import { exitCodes } from '../../../contracts/problem-type.ts';
import { armFailpoint } from '../../harness/armed-failpoint.ts';
import { declareBasics, tenantManifest } from '../../harness/manifests.ts';
import { borrowInstallationCli } from './installation-cli.ts';
import type { InstallationCli } from './installation-cli.ts';

let cli: InstallationCli;
before(async () => {
  cli = await borrowInstallationCli();
  await declareBasics(cli.installation.client());
  cli.write('large.yaml', {
    apiVersion,
    kind: 'Plan',
    metadata: { name: 'large' },
    spec: { isolationModes: ['dedicated'], quotas: { tables: 500 } },
  });
  cli.write('acme.yaml', tenantManifest('acme', { lifecycle: 'Active' }));
  await cli.done('apply', '-f', 'large.yaml', '-f', 'acme.yaml', '--wait');
});
after(() => cli.stop());

const uid = '[0-9a-hjkmnp-tv-z]{26}';
const asYaml = async (name: string): Promise<Tenant> =>
  parse(await cli.done('get', 'tenant', name, '-o', 'yaml')) as Tenant;
const extra = { name: 'extra', collections: [{ name: 'notes', indexes: [] }] };

test('a manifest that needs two operations shows and reports both, and --wait waits for the last one', async () => {
  const manifest = tenantManifest('acme', {
    lifecycle: 'Active',
    plan: 'large',
    services: [...tenantManifest('acme').spec.services, extra],
  });
  cli.write('grown.yaml', manifest);
  assert.equal(
    await cli.done('apply', '-f', 'grown.yaml', '--dry-run=server'),
    'tenant/acme configured, then change_plan, then reconcile (server dry run)\n',
  );
  const told = await cli.done('apply', '-f', 'grown.yaml', '--wait');
  assert.match(
    told,
    new RegExp(
      `^tenant/acme configured\noperation/${uid} \\(change_plan\\) accepted\noperation/${uid} \\(reconcile\\) pending, waits for operation/${uid}\noperation/${uid} \\(change_plan\\) succeeded\noperation/${uid} \\(reconcile\\) succeeded\n$`,
    ),
  );
  assert.equal(await cli.done('apply', '-f', 'grown.yaml', '--wait'), 'tenant/acme unchanged\n');
});

test('a manifest with a revision does not overwrite changes that its author has not seen', async () => {
  const read = await asYaml('acme');
  cli.write('labelled.yaml', { ...read, metadata: { name: 'acme', labels: { owner: 'somebody-else' } } });
  await cli.done('apply', '-f', 'labelled.yaml');
  cli.write('edited.yaml', { ...read, spec: { ...read.spec, displayName: 'Acme' } });
  const { code, stderr } = await cli.run(['apply', '-f', 'edited.yaml']);
  assert.equal(code, exitCodes.conflict, stderr);
  assert.match(stderr, /^edited\.yaml:\d+:\d+: the manifest has revision \d+, but the current one is \d+$/m);
  assert.match(stderr, /metadata\.revision/);
  assert.deepEqual((await asYaml('acme')).metadata.labels, { owner: 'somebody-else' });
  // A manifest that changes nothing is not a lost update, whichever revision it has.
  cli.write('same.yaml', {
    ...(await asYaml('acme')),
    metadata: { ...read.metadata, labels: { owner: 'somebody-else' } },
  });
  assert.equal(await cli.done('apply', '-f', 'same.yaml'), 'tenant/acme unchanged\n');
  const fresh = await asYaml('acme');
  cli.write('edited.yaml', { ...fresh, spec: { ...fresh.spec, displayName: 'Acme' } });
  assert.equal(await cli.done('apply', '-f', 'edited.yaml'), 'tenant/acme configured\n');
});

test('the printed manifest of a tenant creates a new one under another name', async () => {
  const read = await asYaml('acme');
  cli.write('moved.yaml', { ...read, metadata: { ...read.metadata, name: 'moved' } });
  assert.match(
    await cli.done('apply', '-f', 'moved.yaml', '--wait'),
    /^tenant\/moved created\n(?:.*\n)*.*\(activate\) succeeded\n$/,
  );
});

test('wait is for the declared spec: not satisfied before it is applied, and failed if that is cancelled', async () => {
  const name = 'waited';
  cli.write('waited.yaml', tenantManifest(name, { lifecycle: 'Active' }));
  await cli.done('apply', '-f', 'waited.yaml', '--wait');
  const failpoint = armFailpoint(cli.installation, 'adjust-tables.before-intent', 'pause');
  cli.write(
    'waited.yaml',
    tenantManifest(name, { lifecycle: 'Active', services: [...tenantManifest(name).spec.services, extra] }),
  );
  const operation = /operation\/(\S+) \(reconcile\)/.exec(await cli.done('apply', '-f', 'waited.yaml'))?.[1] ?? '';
  await failpoint.hit();
  for (const condition of ['Ready', 'condition=Ready'])
    assert.equal(
      (await cli.run(['wait', `tenant/${name}`, `--for=${condition}`, '--timeout', '1s'])).code,
      exitCodes.waitTimeout,
      condition,
    );
  await cli.done('operations', 'cancel', operation);
  failpoint.release();
  assert.equal((await cli.run(['wait', `operation/${operation}`])).code, exitCodes.operationFailed);
  const { code, stderr } = await cli.run(['wait', `tenant/${name}`]);
  assert.equal(code, exitCodes.operationFailed);
  assert.match(stderr, /ReconciliationCancelled/);
  await cli.done('apply', '-f', 'waited.yaml', '--wait');
  assert.match(await cli.done('wait', `tenant/${name}`), /Ready is True/);
});
