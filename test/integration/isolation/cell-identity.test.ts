import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { MongoClient } from 'mongodb';
import type { ApiClient } from '../../../client/api-client.ts';
import type { EmbeddedStack } from '../../../tools/stack/embedded-stack.ts';
import { createTemporaryStack } from '../../../tools/stack/temporary-stack.ts';
import { readEntries } from '../../harness/control-data.ts';
import { startInstallation } from '../../harness/installation.ts';
import type { Installation } from '../../harness/installation.ts';
import { activeTenant, always, ended, takeAll } from '../../harness/lifecycle.ts';
import { declareBasics } from '../../harness/manifests.ts';
import { until } from '../../harness/until.ts';

type CellsFile = Record<'eu-west-1-a' | 'us-east-1-a', { uri: string }>;

const regions = ['eu-west-1', 'us-east-1'] as const;

let stack: EmbeddedStack;
let cells: Record<(typeof regions)[number], MongoClient>;
let installation: Installation;
let api: ApiClient;
let file: string;
let right: CellsFile;
before(async () => {
  stack = await createTemporaryStack();
  cells = {
    'eu-west-1': new MongoClient(stack.mongod['eu-west-1'].adminUri),
    'us-east-1': new MongoClient(stack.mongod['us-east-1'].adminUri),
  };
  right = JSON.parse(readFileSync(stack.processEnvironment({})['TENURE_CELLS_FILE'] ?? '', 'utf8')) as CellsFile;
  file = join(stack.dataDirectory, 'cells-of-this-test.json');
  address(right);
  installation = await startInstallation(stack, { settings: { TENURE_CELLS_FILE: file } });
  api = installation.client();
  await declareBasics(api);
});
after(async () => {
  try {
    await Promise.all(regions.map((region) => cells[region].close()));
    await installation.stop();
  } finally {
    await stack.stop();
  }
});

const address = (named: CellsFile): void => writeFileSync(file, JSON.stringify(named), { mode: 0o600 });
const swapped = (): CellsFile => ({ 'eu-west-1-a': right['us-east-1-a'], 'us-east-1-a': right['eu-west-1-a'] });

/** What a process reports about its cells. */
async function told(process: 'API' | 'WORKER'): Promise<Record<string, string>> {
  const answer = await fetch(`http://127.0.0.1:${installation.environment[`TENURE_${process}_OPS_PORT`]}/readyz`).catch(
    () => undefined,
  );
  const { checks } =
    answer === undefined ? { checks: {} } : ((await answer.json()) as { checks: Record<string, string> });
  return Object.fromEntries(Object.entries(checks).filter(([name]) => name.startsWith('cell ')));
}

const bothFail = { 'cell eu-west-1-a': 'failed', 'cell us-east-1-a': 'failed' };

/** Kills both processes and starts them again with these addresses. */
async function restartWith(named: CellsFile): Promise<void> {
  const { api: apiProcess, worker } = installation;
  await Promise.all([apiProcess.kill('SIGKILL'), worker.kill('SIGKILL')]);
  address(named);
  apiProcess.start();
  worker.start();
}

/** Every tenant's own database, with its region. */
async function standing(): Promise<string[]> {
  const names: string[] = [];
  for (const region of regions) {
    const { databases } = await cells[region].db().admin().listDatabases({ nameOnly: true });
    names.push(...databases.map(({ name }) => `${region}/${name}`).filter((name) => name.includes('/tenant_')));
  }
  return names;
}

test('each cell is adopted once, with a ledger entry', async () => {
  const adopted = (await readEntries(installation)).filter(({ action }) => action === 'cell.adopt');
  assert.deepEqual(
    new Set(adopted.map(({ target, outcome }) => `${target.name} ${outcome}`)),
    new Set(['eu-west-1-a succeeded', 'us-east-1-a succeeded']),
  );
  assert.equal(adopted.length, 2);
});

test('processes report swapped addresses and do nothing with them; with correct ones, a purge continues', async () => {
  await activeTenant(api, 'opened');
  await activeTenant(api, 'doomed');
  await takeAll(api, 'doomed', ['suspendTenant', 'archiveTenant', 'deleteTenant']);
  const before = await standing();
  await restartWith(swapped());
  await until('both processes report that their cells are wrong', async () => {
    const states = [await told('API'), await told('WORKER')];
    return states.every((state) => JSON.stringify(state) === JSON.stringify(bothFail));
  });
  await assert.rejects(api.call('openTenant', { params: { name: 'opened' }, body: {} }), { code: 'cell_mismatch' });
  const { body } = await api.call('purgeTenant', { params: { name: 'doomed' }, body: { early: true }, ...always() });
  await until('the purge has been attempted', () => installation.worker.output().includes('"step":"destroy-user"'));
  const operation = await installation.store.operations.find(body.operation?.id ?? '');
  assert.deepEqual(
    Object.values(operation?.steps ?? {})
      .map(({ state }) => state)
      .filter((state) => state !== 'pending'),
    [],
  );
  assert.deepEqual(await standing(), before);

  await restartWith(right);
  await Promise.all([installation.api.ready(), installation.worker.ready()]);
  assert.equal((await ended(api, body.operation?.id ?? '')).state, 'succeeded');
  assert.equal((await standing()).length, before.length - 1);
  assert.equal((await api.call('openTenant', { params: { name: 'opened' }, body: {} })).status, 200);
});

test('an installation that has no identities yet does not adopt cells whose addresses are swapped', async () => {
  const { control, databases } = installation;
  const identities = control.db(databases.control).collection('cell_identities');
  const pinned = await identities.find().toArray();
  await installation.worker.kill('SIGKILL');
  await identities.deleteMany({});
  for (const region of regions) await cells[region].db('tenure_cell').collection('identity').deleteMany({});
  address(swapped());
  installation.worker.start();
  // At one address there is a tenant of the other cell; at the other address, there are none of the cell's tenants.
  await until(
    'the worker reports that its cells are wrong',
    async () => JSON.stringify(await told('WORKER')) === JSON.stringify(bothFail),
  );
  await until(
    'its output says why',
    () =>
      installation.worker.output().includes('which is on cell') &&
      installation.worker.output().includes('none of the tenants'),
  );
  assert.equal(await identities.countDocuments(), 0);

  await installation.worker.kill('SIGKILL');
  address(right);
  installation.worker.start();
  await installation.worker.ready();
  assert.equal(await identities.countDocuments({ _id: { $in: pinned.map(({ _id }) => _id) } }), pinned.length);
});
