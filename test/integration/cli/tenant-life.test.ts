import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { parseAllDocuments, parseDocument } from 'yaml';
import type { Tenant } from '../../../contracts/manifests/tenant.ts';
import { exitCodes } from '../../../contracts/problem-type.ts';
import type { Tombstone } from '../../../contracts/tombstone.ts';
import { declareBasics, tenantManifest } from '../../harness/manifests.ts';
import { borrowInstallationCli } from './installation-cli.ts';
import type { InstallationCli } from './installation-cli.ts';

const uid = '[0-9a-z]{26}';

let cli: InstallationCli;
before(async () => {
  cli = await borrowInstallationCli();
  await declareBasics(cli.installation.client());
});
after(() => cli.stop());

const done: InstallationCli['done'] = (...argv) => cli.done(...argv);

async function declare(name: string, spec: Parameters<typeof tenantManifest>[1] = {}): Promise<void> {
  await done('apply', '-f', cli.write(`${name}.yaml`, tenantManifest(name, spec)), '--wait');
}

async function lifecycleOf(name: string): Promise<string> {
  return (JSON.parse(await done('get', 'tenant', name, '-o', 'json')) as Tenant).status.lifecycle;
}

test('a tenant takes every path of its life, and every verb prints its result', async () => {
  await declare('acme');
  const told = (kind: string, state: string): string => `tenant/acme operation/${uid} \\(${kind}\\) ${state}\n`;
  for (const [verb, state] of [
    ['activate', 'Active'],
    ['reconcile', 'Active'],
    ['suspend', 'Suspended'],
    ['resume', 'Active'],
    ['suspend', 'Suspended'],
    ['archive', 'Archived'],
    ['reactivate', 'Active'],
    ['suspend', 'Suspended'],
    ['archive', 'Archived'],
  ] as const) {
    assert.match(
      await done(verb, 'acme', '--wait'),
      new RegExp(`^${told(verb, '(accepted|running)')}${told(verb, 'succeeded')}$`),
    );
    assert.equal(await lifecycleOf('acme'), state);
    if (verb !== 'reconcile') assert.equal(await done(verb, 'acme', '--wait'), 'tenant/acme unchanged\n');
  }

  const deleted = await cli.run(['delete', 'acme', '--confirm=acme', '--wait']);
  assert.match(deleted.stdout, new RegExp(told('delete', 'succeeded')));
  assert.match(deleted.stderr, /^This deletes tenant\/acme .* until then `tenure undelete acme` restores it\.\n/);
  assert.match(
    await done('describe', 'tenant', 'acme'),
    /^Lifecycle: +Deleted.*\n(?:.*\n)*Deleted: +\S+Z \(\d+s ago\), from Archived; purge at \S+Z or later$/m,
  );
  assert.match(
    await done('get', 'tenants', '--lifecycle', 'Deleted'),
    /^acme +startup +- +Deleted .* purge \d{4}-\d\d-\d\d +-$/m,
  );
  await done('undelete', 'acme', '--wait');
  assert.equal(await lifecycleOf('acme'), 'Archived');

  const { metadata } = JSON.parse(await done('delete', 'acme', '--confirm=acme', '--wait', '-o', 'json')) as Tenant;
  const early = await cli.run(['purge', 'acme', '--confirm=acme']);
  assert.equal(early.code, exitCodes.denied);
  assert.match(
    early.stderr,
    /it can be restored until \S+Z; before that, only --early purges it\n(?:.*\n)*error: .* is not purged before\.\nresource: tenant\/acme\n/,
  );
  const purged = await cli.run(['purge', 'acme', '--early', '--confirm=acme', '--wait', '-o', 'json']);
  assert.equal(purged.code, exitCodes.ok, purged.stderr);
  assert.equal((JSON.parse(purged.stdout) as Tombstone).uid, metadata.uid);
  assert.match(purged.stderr, new RegExp(`the whole database tenant_${metadata.uid} in `));
  assert.match(purged.stderr, new RegExp(told('purge', 'succeeded')));
  assert.equal((await cli.run(['get', 'tenant', 'acme'])).code, exitCodes.notFound);

  assert.match(
    await done('get', 'tombstones'),
    new RegExp(`^UID +NAME +CREATED +DELETED +PURGED +REGION\n${metadata.uid} +acme `),
  );
  assert.equal(await done('get', 'tombstones', '-o', 'name'), `tombstone/${metadata.uid}\n`);
  assert.equal(await done('get', 'tombstones', '--name', 'acme', '-o', 'name'), `tombstone/${metadata.uid}\n`);
  assert.deepEqual(await cli.run(['get', 'tombstones', '--name', 'globex']), {
    code: exitCodes.ok,
    stdout: '',
    stderr: 'no tombstones\n',
  });
  assert.match(
    await done('describe', 'tombstone', metadata.uid),
    new RegExp(
      `^Tenant: +acme\nUID: +${metadata.uid}\n(?:.*\n)*Purged: +\\S+Z \\(\\d+s ago\\)\n(?:.*\n)*Placed: +dedicated in \\S+, cell \\S+, database tenant_${metadata.uid}\n`,
    ),
  );
  assert.equal((JSON.parse(await done('get', 'tombstone', metadata.uid, '-o', 'json')) as Tombstone).name, 'acme');
  const { placement } = parseDocument(await done('get', `tombstone/${metadata.uid}`, '-o', 'yaml')).toJS() as Tombstone;
  assert.equal(placement?.database, `tenant_${metadata.uid}`);
  await declare('acme', { lifecycle: 'Active' });
});

test('a verb for several tenants tries each, prints every result, and exits with the worst code', async () => {
  for (const name of ['one', 'two', 'draft']) await declare(name, name === 'draft' ? {} : { lifecycle: 'Active' });
  await done('suspend', 'two', '--wait');
  const { code, stdout, stderr } = await cli.run(['suspend', 'nobody', 'draft', 'tenant/one', 'two', '--wait']);
  assert.equal(code, exitCodes.conflict);
  assert.match(
    stdout,
    new RegExp(
      `^tenant/one operation/(${uid}) \\(suspend\\) (accepted|running)\ntenant/two unchanged\ntenant/one operation/\\1 \\(suspend\\) succeeded\n$`,
    ),
  );
  assert.match(stderr, /^error: The resource does not exist: .*\nresource: tenant\/nobody\nfix: /m);
  assert.match(
    stderr,
    /^error: The tenant cannot move .*\nresource: tenant\/draft\n.*\n {2}allowed: activate, delete\nfix: /m,
  );

  const single = JSON.parse(await done('resume', 'one', '--wait', '-o', 'json')) as Tenant;
  assert.equal(single.status.lifecycle, 'Active');
  const several = await cli.run(['resume', 'one', 'two', '--wait', '-o', 'json']);
  assert.deepEqual(
    (JSON.parse(several.stdout) as { items: Tenant[] }).items.map(({ metadata, status }) => [
      metadata.name,
      status.lifecycle,
    ]),
    [
      ['one', 'Active'],
      ['two', 'Active'],
    ],
  );
  assert.match(several.stderr, /^tenant\/one unchanged$/m);
  assert.equal(await done('resume', 'one', 'two', '-o', 'name'), 'tenant/one\ntenant/two\n');
  assert.equal(parseAllDocuments(await done('resume', 'one', 'two', '-o', 'yaml')).length, 2);
  const none = await cli.run(['resume', 'draft', '-o', 'json']);
  assert.deepEqual([none.code, none.stdout], [exitCodes.conflict, '']);
});

test('--revision changes a tenant only if it has not changed since it was read', async () => {
  await declare('read', { lifecycle: 'Active' });
  const { metadata } = JSON.parse(await done('get', 'tenant', 'read', '-o', 'json')) as Tenant;
  const stale = await cli.run(['suspend', 'read', '--revision', String(metadata.revision - 1)]);
  assert.equal(stale.code, exitCodes.conflict);
  assert.match(stale.stderr, /^error: The resource has changed since it was read: /);
  await done('suspend', 'read', '--revision', String(metadata.revision), '--wait');
});

test('delete and purge do nothing without a confirmation, or with one for another tenant', async () => {
  await declare('kept');
  const { metadata } = JSON.parse(await done('get', 'tenant', 'kept', '-o', 'json')) as Tenant;
  for (const verb of ['delete', 'purge']) {
    for (const [argv, setting] of [
      [[verb, 'kept'], {}],
      [[verb, 'kept', '--confirm=acme'], {}],
      [[verb, 'kept'], { typed: 'acme\n' }],
    ] as const) {
      const { code, stdout, stderr } = await cli.run(argv, setting);
      assert.deepEqual([code, stdout], [exitCodes.usage, ''], stderr);
    }
  }
  assert.equal(
    (JSON.parse(await done('get', 'tenant', 'kept', '-o', 'json')) as Tenant).metadata.revision,
    metadata.revision,
  );
  const typed = await cli.run(['delete', 'kept', '--wait'], { typed: 'kept\n' });
  assert.equal(typed.code, exitCodes.ok, typed.stderr);
  assert.equal(await lifecycleOf('kept'), 'Deleted');
});

test('a manifest reverses what a verb has set only with --force-conflicts', async () => {
  await declare('owned', { lifecycle: 'Active' });
  await done('suspend', 'owned', '--wait');
  const { code, stderr } = await cli.run(['apply', '-f', 'owned.yaml']);
  assert.equal(code, exitCodes.conflict);
  assert.match(
    stderr,
    /^error: The manifest would reverse a change made by a verb: .*\nresource: tenant\/owned \(owned\.yaml:4:9\)\n(?:.*\n)*fix: .*--force-conflicts/m,
  );
  assert.match(stderr, /^owned\.yaml:\d+:\d+: was set to "Suspended" by suspend\n +\d+ \| {3}lifecycle: Active$/m);
  await done('apply', '-f', 'owned.yaml', '--force-conflicts', '--wait');
  assert.equal(await lifecycleOf('owned'), 'Active');
});
