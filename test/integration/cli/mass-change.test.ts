import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { exitCodes } from '../../../contracts/problem-type.ts';
import { declareBasics, tenantManifest } from '../../harness/manifests.ts';
import { startInstallationCli } from './installation-cli.ts';
import type { InstallationCli } from './installation-cli.ts';

let cli: InstallationCli;
before(async () => {
  cli = await startInstallationCli({ TENURE_BRAKE_AT_LEAST: '2', TENURE_BRAKE_SHARE: '0.1' });
  await declareBasics(cli.installation.client());
  const names = ['one', 'two', 'three', 'four'];
  cli.write('active.yaml', ...names.map((name) => tenantManifest(name, { lifecycle: 'Active' })));
  cli.write('suspended.yaml', ...names.map((name) => tenantManifest(name, { lifecycle: 'Suspended' })));
  const { code, stderr } = await cli.run(['apply', '-f', 'active.yaml', '--wait']);
  assert.equal(code, exitCodes.ok, stderr);
});
after(() => cli.stop());

test('a verb or apply for too many tenants at once needs --confirm-mass-change from an admin', async () => {
  const braked = await cli.run(['suspend', 'one', 'two', 'three', '--wait']);
  assert.equal(braked.code, exitCodes.conflict);
  assert.match(
    braked.stdout,
    /^tenant\/one operation\/\S+ \(suspend\) succeeded\ntenant\/two operation\/\S+ \(suspend\) succeeded\n$/m,
  );
  assert.match(
    braked.stderr,
    /^error: Too many tenants are being suspended, deleted or purged at once: .*\nresource: tenant\/three\nfix: .*--confirm-mass-change/m,
  );

  const operator = await cli.run(['suspend', 'three', '--confirm-mass-change'], {}, { roles: ['operator'] });
  assert.deepEqual([operator.code, operator.stdout], [exitCodes.denied, '']);
  const meant = await cli.run(['suspend', 'three', '--confirm-mass-change', '--wait']);
  assert.equal(meant.code, exitCodes.ok, meant.stderr);

  const declared = await cli.run(['apply', '-f', 'suspended.yaml']);
  assert.equal(declared.code, exitCodes.conflict);
  assert.match(declared.stderr, /^resource: tenant\/four \(suspended\.yaml:\d+:\d+\)$/m);
  const applied = await cli.run(['apply', '-f', 'suspended.yaml', '--confirm-mass-change', '--wait']);
  assert.equal(applied.code, exitCodes.ok, applied.stderr);
  assert.match(applied.stdout, /^tenant\/three unchanged\ntenant\/four configured$/m);
});
