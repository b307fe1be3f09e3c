import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createApiClient } from '../../../client/api-client.ts';
import type { ApiClient, ApiClientOptions } from '../../../client/api-client.ts';
import { exitCodes } from '../../../contracts/problem-type.ts';
import type { Operation } from '../../../contracts/operation.ts';
import type { Tenant } from '../../../contracts/manifests/tenant.ts';
import { armFailpoint } from '../../harness/armed-failpoint.ts';
import { declareBasics, tenantManifest } from '../../harness/manifests.ts';
import { until } from '../../harness/until.ts';
import { borrowInstallationCli } from './installation-cli.ts';
import type { InstallationCli } from './installation-cli.ts';

let cli: InstallationCli;
before(async () => {
  cli = await borrowInstallationCli();
  await declareBasics(cli.installation.client());
});
after(() => cli.stop());

const done: InstallationCli['done'] = (...argv) => cli.done(...argv);

function operationIn(text: string): string {
  const id = /operation\/([0-9a-z]{26})/.exec(text)?.[1];
  assert.ok(id !== undefined, text);
  return id;
}

/** Starts an operation and resolves when it waits at the failpoint. */
async function pausedAt(
  failpoint: string,
  ...argv: readonly string[]
): Promise<{ readonly id: string; readonly release: () => void }> {
  const armed = armFailpoint(cli.installation, failpoint, 'pause');
  const id = operationIn(await done(...argv));
  await armed.hit();
  return { id, release: armed.release };
}

async function operation(id: string): Promise<Operation> {
  return JSON.parse(await done('get', 'operation', id, '-o', 'json')) as Operation;
}

test('cancelling a running operation undoes it, and the tenant is in its earlier state', async () => {
  await done('apply', '-f', cli.write('turned.yaml', tenantManifest('turned')));
  const { id, release } = await pausedAt('create-user.before-intent', 'activate', 'turned');
  const undo = armFailpoint(cli.installation, 'create-roles.before-undo', 'pause');
  const cancelling = cli.run(['operations', 'cancel', `operation/${id}`, '--wait']);
  await undo.hit();
  assert.match(
    await done('describe', 'operation', id),
    /^Transition: +Draft to Active\n(?:.*\n)*State: +compensating\nCancel requested: +\S+Z \(\d+s ago\)$/m,
  );
  release();
  undo.release();
  const { code, stdout, stderr } = await cancelling;
  assert.deepEqual(
    [code, stdout],
    [exitCodes.ok, `operation/${id} (activate) running, cancel requested\noperation/${id} (activate) cancelled\n`],
    stderr,
  );
  assert.match(stderr, /"tenant":"turned","kind":"activate","state":"cancelled"/);
  assert.equal((JSON.parse(await done('get', 'tenant', 'turned', '-o', 'json')) as Tenant).status.lifecycle, 'Draft');

  assert.equal(await done('operations', 'cancel', id), `operation/${id} (activate) cancelled\n`);
  assert.equal((JSON.parse(await done('operations', 'cancel', id, '-o', 'json')) as Operation).state, 'cancelled');
  assert.equal(await done('operations', 'cancel', id, '-o', 'name'), `operation/${id}\n`);
});

test('an operation that has succeeded cannot be cancelled', async () => {
  const id = operationIn(await done('activate', 'turned', '--wait'));
  const { code, stdout, stderr } = await cli.run(['operations', 'cancel', id]);
  assert.deepEqual([code, stdout], [exitCodes.conflict, '']);
  assert.match(stderr, /^error: The operation has already ended: /);
  assert.equal((await cli.run(['operations', 'cancel', '0'.repeat(26)])).code, exitCodes.notFound);
});

test('an operation that is about to end is still undone after its cancellation was accepted', async () => {
  const { id, release } = await pausedAt('finish.before-commit', 'suspend', 'turned');
  const cancelling = cli.run(['operations', 'cancel', id, '--wait']);
  await until('the cancellation is recorded', async () => (await operation(id)).cancelRequestTime !== undefined);
  release();
  const { code, stdout, stderr } = await cancelling;
  assert.deepEqual(
    [code, stdout],
    [exitCodes.ok, `operation/${id} (suspend) running, cancel requested\noperation/${id} (suspend) cancelled\n`],
    stderr,
  );
  assert.equal((JSON.parse(await done('get', 'tenant', 'turned', '-o', 'json')) as Tenant).status.lifecycle, 'Active');
});

test('a verb with --preempt waits until the running operation is undone', async () => {
  const { id: running, release } = await pausedAt('revoke-access.before-intent', 'suspend', 'turned');
  assert.match(
    await done('suspend', 'turned'),
    new RegExp(`^tenant/turned operation/${running} \\(suspend\\) running\n$`),
  );
  const refused = await cli.run(['reconcile', 'turned']);
  assert.equal(refused.code, exitCodes.conflict);
  assert.match(refused.stderr, new RegExp(`^operation: tenure wait operation/${running}$`, 'm'));

  const told = await done('reconcile', 'turned', '--preempt');
  const pending = /operation\/(\S+) \(reconcile\) pending/.exec(told)?.[1] ?? '';
  assert.equal(told, `tenant/turned operation/${pending} (reconcile) pending, waits for operation/${running}\n`);
  assert.match(await done('get', 'tenant', 'turned'), new RegExp(` then reconcile +suspend ${running}\n$`));
  assert.match(
    await done('describe', 'tenant', 'turned'),
    new RegExp(`^Pending: operation/${pending} \\(reconcile\\), starts when the running operation is undone$`, 'm'),
  );
  assert.match(
    await done('describe', 'operation', pending),
    new RegExp(`^State: +pending\nWaits for: +operation/${running}, which is being cancelled$`, 'm'),
  );
  // Nothing has to be undone, so the state "compensating" may be too short to be seen.
  await until('the operation is undone', async () => (await operation(running)).state === 'cancelled');
  release();
  assert.equal(await done('wait', `operation/${pending}`), `operation/${pending} (reconcile) succeeded\n`);
  assert.equal((await operation(running)).state, 'cancelled');
  assert.equal((JSON.parse(await done('get', 'tenant', 'turned', '-o', 'json')) as Tenant).status.lifecycle, 'Active');
});

test('an operation whose undo does not end is abandoned by its id, and what may be left is printed', async () => {
  await done('apply', '-f', cli.write('lost.yaml', tenantManifest('lost')));
  const { id, release } = await pausedAt('create-user.before-intent', 'activate', 'lost');
  await done('operations', 'cancel', id);
  const undo = armFailpoint(cli.installation, 'create-roles.before-undo', 'pause');
  release();
  await undo.hit();
  for (const confirm of [[], ['--confirm', '01m7yzcrqvvjzzgg30pekssm21']])
    assert.equal((await cli.run(['operations', 'abandon', id, ...confirm])).code, exitCodes.usage);
  const { uid } = (JSON.parse(await done('get', 'tenant', 'lost', '-o', 'json')) as Tenant).metadata;
  const told = await done('operations', 'abandon', `operation/${id}`, '--confirm', id);
  assert.match(
    told,
    new RegExp(
      `^operation/${id} \\(activate\\) compensating, abandoned\nmay be left on cell \\S+:\n  claim tenant_${uid}\n`,
    ),
  );
  undo.release();
  await until('the operation has ended', async () => (await operation(id)).state === 'cancelled');
  assert.match(await done('describe', 'operation', id), /Abandoned: +\S+; may be left on cell \S+: claim tenant_/);
});

test('the timeout and Ctrl-C end the wait, and print how to resume', async () => {
  const { id, release } = await pausedAt('revoke-access.before-intent', 'suspend', 'turned');
  const outlook = `operation/${id} keeps running; to resume waiting: tenure wait operation/${id}\n`;
  const late = await cli.run(['suspend', 'turned', '--wait', '--timeout', '100ms', '-o', 'json']);
  assert.equal(late.code, exitCodes.waitTimeout);
  assert.equal((JSON.parse(late.stdout) as Tenant).status.operation?.id, id);
  assert.ok(late.stderr.endsWith(`error: timed out after 100ms\n${outlook}`), late.stderr);

  const interruption = new AbortController();
  const createClient = (options: ApiClientOptions): ApiClient => {
    const client = createApiClient(options);
    return {
      ...client,
      call(route, call) {
        if (route === 'waitOperation') interruption.abort();
        return client.call(route, call);
      },
    };
  };
  const { code, stdout, stderr } = await cli.run(['suspend', 'turned', '--wait', '-o', 'json'], {
    interrupted: interruption.signal,
    createClient,
  });
  assert.deepEqual([code, stdout], [exitCodes.interrupted, '']);
  assert.ok(stderr.endsWith(`no longer waiting\n${outlook}`), stderr);
  release();
  await done('wait', `operation/${id}`);
});
