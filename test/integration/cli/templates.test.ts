import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { MongoClient } from 'mongodb';
import { openTenant } from '../../../client/open-tenant.ts';
import { apiVersion } from '../../../contracts/manifests/metadata.ts';
import type { Tenant } from '../../../contracts/manifests/tenant.ts';
import { exitCodes } from '../../../contracts/problem-type.ts';
import type { Rollout } from '../../../contracts/rollout.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { declareBasics } from '../../harness/manifests.ts';
import { until } from '../../harness/until.ts';
import type { Installation } from '../../harness/installation.ts';
import { startInstallationCli } from './installation-cli.ts';
import type { InstallationCli } from './installation-cli.ts';

let cli: InstallationCli<Installation>;
let cell: MongoClient;
before(async () => {
  cli = await startInstallationCli();
  cell = new MongoClient(attachToStack().mongod['eu-west-1'].adminUri);
  await declareBasics(cli.installation.client());
  await apply(
    tenant('pied-piper', { max_qps: 20 }),
    tenant('vandelay'),
    template({ max_qps: 10, memory_enabled: true }),
  );
});
after(async () => {
  await cell.close();
  await cli.stop();
});

const collection = (name: string) => ({ name, indexes: [{ keys: [{ field: 'at' }] }] });

function template(config: Readonly<Record<string, unknown>>, ...more: readonly string[]): unknown {
  return {
    apiVersion,
    kind: 'TenantTemplate',
    metadata: { name: 'startup' },
    spec: {
      displayName: 'Startups',
      config,
      services: [{ name: 'shop', collections: ['orders', ...more].map(collection) }],
    },
  };
}

function tenant(name: string, config?: Readonly<Record<string, unknown>>): unknown {
  return {
    apiVersion,
    kind: 'Tenant',
    metadata: { name },
    spec: {
      plan: 'startup',
      lifecycle: 'Active',
      placement: { preferredRegion: 'eu-west-1' },
      template: { name: 'startup' },
      ...(config === undefined ? {} : { config }),
    },
  };
}

const done: InstallationCli['done'] = (...argv) => cli.done(...argv);

async function apply(...manifests: readonly unknown[]): Promise<string> {
  return done('apply', '-f', cli.write('all.yaml', ...manifests), '--wait');
}

const read = async (name: string): Promise<Tenant> =>
  JSON.parse(await done('get', 'tenant', name, '-o', 'json')) as Tenant;
const status = async (id: string): Promise<Rollout> =>
  JSON.parse(await done('roll-out', 'status', id, '-o', 'json')) as Rollout;

function rolloutIn(text: string): string {
  const id = /roll-out\/([0-9a-z]{26})/.exec(text)?.[1];
  assert.ok(id !== undefined, text);
  return id;
}

test('a template is applied before its tenants, as template/NAME, and read like every resource', async () => {
  assert.equal(
    await apply(tenant('vandelay'), template({ max_qps: 10, memory_enabled: true })),
    'template/startup unchanged\ntenant/vandelay unchanged\n',
  );
  assert.equal(await done('apply', '-f', 'all.yaml', '-o', 'name'), 'template/startup\ntenant/vandelay\n');
  assert.match(
    await done('get', 'templates'),
    /^NAME {6}VERSION {3}KEYS {3}SERVICES {3}AGE\nstartup {3}1 {9}2 {6}shop {7}\S+\n$/,
  );
  const yaml = await done('get', 'template/startup', '-o', 'yaml');
  assert.equal((await cli.run(['apply', '-f', '-'], { stdin: yaml })).stdout, 'template/startup unchanged\n');
  assert.equal((await cli.run(['get', 'template', 'none'])).code, exitCodes.notFound);
  const described = await done('describe', 'template', 'startup');
  for (const part of [
    /^Template: +startup$/m,
    /^Display name: +Startups$/m,
    /^Latest version: +1$/m,
    /^Tenants: +2 at version 1$/m,
    /^Services:\n {2}shop: orders$/m,
  ])
    assert.match(described, part);
  assert.match(described, /^Configuration:\n {2}KEY {14}VALUE\n {2}max_qps {10}10\n {2}memory_enabled {3}true\n/m);
  assert.doesNotMatch(described, /roll-outs:/);
});

test('tenants are found by their template, and show their version and configuration', async () => {
  assert.equal(
    await done('get', 'tenants', '--template', 'startup', '-o', 'name'),
    'tenant/pied-piper\ntenant/vandelay\n',
  );
  assert.match(
    await done('get', 'tenants', '--template', 'startup'),
    /^pied-piper {3}startup {3}startup@1 {3}Active /m,
  );
  assert.equal((await cli.run(['get', 'tenants', '--template', 'other'])).stderr, 'no tenants\n');
  const described = await done('describe', 'tenant', 'pied-piper');
  assert.match(described, /^Template: +startup@1$/m);
  assert.match(
    described,
    /^Configuration:\n {2}KEY {14}VALUE {3}ORIGIN\n {2}max_qps {10}20 {6}tenant\n {2}memory_enabled {3}true {4}template\n/m,
  );
});

test('explain config shows each value, its origin, and what the template says', async () => {
  assert.equal(
    await done('explain', 'config', 'pied-piper'),
    'Tenant:    pied-piper\nTemplate:  startup@1\n\nConfiguration:\n' +
      '  KEY              VALUE   ORIGIN     TEMPLATE VALUE\n  max_qps          20      tenant     10\n  memory_enabled   true    template   -\n',
  );
  const { body } = await cli.installation.client().call('configOfTenant', { params: { name: 'pied-piper' } });
  assert.deepEqual(JSON.parse(await done('explain', 'config', 'tenant/pied-piper', '-o', 'json')), body);
  assert.match(
    await done('explain', 'config', 'pied-piper', '-o', 'yaml'),
    /^name: pied-piper\ntemplate:\n {2}name: startup\n {2}version: 1\nvalues:\n/,
  );
  assert.equal((await cli.run(['explain', 'config', 'nobody'])).code, exitCodes.notFound);
});

test('a service reads its configuration with the credential of its tenant', async () => {
  const open = await openTenant(cli.installation.client(), 'pied-piper');
  try {
    const { users } = (await open.db.command({ usersInfo: open.user })) as {
      users?: readonly { customData: { config: unknown } }[];
    };
    assert.deepEqual(users?.[0]?.customData.config, { max_qps: 20, memory_enabled: true });
  } finally {
    await open.close();
  }
});

test('a version is previewed, rolled out and followed, and a tenant is rolled back', async () => {
  assert.equal(await apply(template({ max_qps: 15, memory_enabled: true }, 'carts')), 'template/startup configured\n');
  const preview = await done('roll-out', 'preview', 'startup');
  assert.match(
    preview,
    /^startup@2 would change 2 tenants\.\n\nstartup@1: pied-piper\n {2}\/services\/0\/collections\/1\n {2}\+ name: carts\n(?: {2}\+ .*\n)+\nstartup@1: vandelay\n {2}\/config\/max_qps\n {2}- 10\n {2}\+ 15\n {2}\/services\/0\/collections\/1\n/,
  );
  const { generation } = (await read('vandelay')).metadata;

  const { code, stdout, stderr } = await cli.run(['roll-out', 'start', 'startup', '--wave', '1', '--wait']);
  assert.equal(code, exitCodes.ok, stderr);
  const id = rolloutIn(stdout);
  assert.equal(
    stdout,
    `roll-out/${id} (startup@2) running, 0 changed\nroll-out/${id} (startup@2) succeeded, 2 changed\n`,
  );
  assert.match(
    stderr,
    /^\{"time":"[^"]+","rollout":"[^"]+","template":"startup","version":2,"state":"running","wave":1,.*\n(?:.*\n)*.*"state":"succeeded","wave":2,"changing":0,"changed":2,.*"tenants":2\}\n$/,
  );
  assert.deepEqual((await read('vandelay')).spec.template, { name: 'startup', version: 2 });
  assert.match(await done('explain', 'config', 'vandelay'), /^ {2}max_qps +15 +template +-$/m);
  assert.equal(
    (await cli.run(['roll-out', 'preview', 'startup'])).stderr,
    'no tenant would change: all of them have startup@2\n',
  );

  assert.match(await done('rollback', 'tenant', 'vandelay', '--to', String(generation), '--wait'), /succeeded\n$/);
  assert.match(await done('explain', 'config', 'vandelay'), /^ {2}max_qps +10 +template +-$/m);
  assert.match(
    await done('describe', 'template', 'startup'),
    new RegExp(
      `^Tenants: +1 at version 2, 1 at version 1$(?:.*\n)*Last roll-outs:\n {2}ID .*\n {2}${id} {3}startup@2 {3}succeeded `,
      'm',
    ),
  );
  assert.equal(await done('roll-out', 'list', 'startup', '-o', 'name'), `roll-out/${id}\n`);
  assert.equal(await done('get', 'roll-outs', '--template', 'startup', '-o', 'name'), `roll-out/${id}\n`);
  assert.match(
    (await cli.run(['get', 'roll-outs'])).stderr,
    /^error: roll-outs are listed by template\nfix: write: get roll-outs --template NAME/,
  );
});

test('a roll-out that pauses ends the command with exit code 1; it resumes with or without what failed', async () => {
  // A view that Tenure did not create has the name of the new collection of the first tenant.
  const database = cell.db((await read('pied-piper')).status.placement?.database);
  await database.createCollection('sessions', { viewOn: 'orders', pipeline: [] });
  await apply(template({ max_qps: 15, memory_enabled: true }, 'carts', 'sessions'));
  const paused = await cli.run(['roll-out', 'start', 'startup', '--wait', '-o', 'json']);
  assert.equal(paused.code, exitCodes.operationFailed, paused.stderr);
  const rollout = JSON.parse(paused.stdout) as Rollout;
  const { id } = rollout;
  assert.deepEqual(
    [rollout.state, rollout.counts.failed, rollout.failures.map((failure) => failure.tenant)],
    ['paused', 1, ['pied-piper']],
  );
  assert.match(
    paused.stderr,
    new RegExp(
      `^error: roll-out/${id} of startup@3 is paused: 1 tenant could not be changed; at most 0 may fail\n {2}tenant/pied-piper: \\S+: .*\nfix: .*--skip-failed$`,
      'm',
    ),
  );
  const described = await done('roll-out', 'status', `roll-out/${id}`);
  for (const part of [
    /^State: +paused$/m,
    /^Reason: +1 tenant could not be changed; at most 0 may fail$/m,
    /^Tenants: +2 at the start: 0 changed, 1 failed$/m,
    /^Failed:\n {2}TENANT +CODE +MESSAGE\n {2}pied-piper +\S+ /m,
  ])
    assert.match(described, part);
  assert.match(await done('describe', `roll-out/${id}`), new RegExp(`^Roll-out: +${id}\nTemplate: +startup@3\n`));
  const another = await cli.run(['roll-out', 'start', 'startup']);
  assert.deepEqual([another.code, another.stdout], [exitCodes.conflict, '']);

  assert.match(
    await done('roll-out', 'resume', id, '--skip-failed', '--wait'),
    new RegExp(`^roll-out/${id} \\(startup@3\\) succeeded, 1 changed, 1 skipped\n$`, 'm'),
  );
  assert.deepEqual(
    [(await read('vandelay')).spec.template?.version, (await read('pied-piper')).spec.template?.version],
    [3, 2],
  );
  assert.equal((await cli.run(['roll-out', 'cancel', id])).code, exitCodes.conflict);

  const again = await cli.run(['roll-out', 'start', 'startup', '--wait']);
  assert.equal(again.code, exitCodes.operationFailed);
  const second = rolloutIn(again.stdout);
  await database.dropCollection('sessions');
  assert.match(await done('roll-out', 'resume', second, '--wait'), /succeeded, 1 changed\n$/);
});

test('Ctrl-C ends the wait, not the roll-out, which can be paused, resumed and cancelled', async () => {
  await cli.installation.worker.kill('SIGKILL');
  await apply(template({ max_qps: 40 }, 'carts', 'sessions'));
  const interruption = new AbortController();
  const waiting = cli.run(['roll-out', 'start', 'startup', '--wait'], { interrupted: interruption.signal });
  const id = await until('the roll-out runs', async () => {
    const latest = await done('roll-out', 'list', 'startup', '--limit', '1', '-o', 'name');
    const found = rolloutIn(latest);
    return (await status(found)).state === 'running' ? found : undefined;
  });
  interruption.abort();
  const { code, stderr } = await waiting;
  assert.equal(code, exitCodes.interrupted);
  assert.ok(
    stderr.endsWith(
      `no longer waiting\nroll-out/${id} keeps running; to resume waiting: tenure wait roll-out/${id}; to pause it: tenure roll-out pause ${id}\n`,
    ),
    stderr,
  );

  assert.equal(await done('roll-out', 'pause', id), `roll-out/${id} (startup@4) paused, 0 changed\n`);
  assert.match(await done('roll-out', 'status', id), /^Reason: +paused by a user$/m);
  assert.equal(await done('roll-out', 'resume', id), `roll-out/${id} (startup@4) running, 0 changed\n`);
  assert.equal(await done('roll-out', 'cancel', id), `roll-out/${id} (startup@4) cancelled, 0 changed\n`);
  assert.equal((await cli.run(['wait', `roll-out/${id}`])).code, exitCodes.operationFailed);
  cli.installation.worker.start();
});
