import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { MongoClient } from 'mongodb';
import type { ApiClient } from '../../../client/api-client.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { readEntries } from '../../harness/control-data.ts';
import { borrowInstallation } from '../../harness/installation.ts';
import type { SharedInstallation } from '../../harness/installation.ts';
import { activeTenant, ended, takeAll } from '../../harness/lifecycle.ts';
import { declareBasics } from '../../harness/manifests.ts';
import { until } from '../../harness/until.ts';

const stack = attachToStack();
let installation: SharedInstallation;
let api: ApiClient;
let cell: MongoClient;
before(async () => {
  installation = await borrowInstallation(stack);
  api = installation.client();
  await declareBasics(api);
  cell = new MongoClient(stack.mongod['eu-west-1'].adminUri);
});
after(async () => {
  await cell.close();
  await installation.stop();
});

const placed = { placement: { preferredRegion: 'eu-west-1' } };
const control = () => installation.control.db(installation.databases.control);

/** Deletes a tenant, and returns its uid. `makeDue` makes its purge due now, not in ninety days. */
async function duePurge(name: string): Promise<string> {
  const { metadata } = await activeTenant(api, name, placed);
  await takeAll(api, name, ['suspendTenant', 'archiveTenant', 'deleteTenant']);
  return metadata.uid;
}

const makeDue = (...names: string[]) =>
  control()
    .collection('resources')
    .updateMany({ name: { $in: names } }, { $set: { 'deletion.purgeTime': new Date() } });
const purged = (name: string) =>
  until(
    `${name} is purged`,
    async () => (await api.call('listTombstones', { query: { name } })).body.items.length === 1,
  );

test('a purge that always fails is retried at growing intervals, and does not delay other purges', async () => {
  const uid = await duePurge('failing');
  for (const name of ['beside-1', 'beside-2', 'beside-3']) await duePurge(name);
  await cell
    .db('tenure_cell')
    .collection<{ _id: string }>('claims')
    .updateOne({ _id: `tenant_${uid}` }, { $set: { tenant: 'another' } });
  const backoffs = control().collection('backoffs');
  const backoff = async () => ({
    failures: 0,
    ...(await backoffs.findOne<{ failures: number; until: Date }>({ tenant: uid, work: 'purge' })),
  });
  const leaveAlone = (forMs: number) =>
    backoffs.updateOne({ tenant: uid }, { $set: { until: new Date(Date.now() + forMs) } });
  const outcomes = async (outcome: string) =>
    (await readEntries(installation, { tenant: uid, action: 'tenant.purge', outcome })).map(({ reason }) => reason);

  await makeDue('failing', 'beside-1');
  await purged('beside-1');
  assert.equal(await backoffs.countDocuments({ tenant: { $ne: uid } }), 0, 'a purged tenant leaves no backoff');
  await until('the purge has failed', async () => (await outcomes('failed')).length > 0);
  await leaveAlone(600_000);
  const begun = (await outcomes('allowed')).length;
  assert.deepEqual(
    await until('every started purge has failed', async () => {
      const failed = await outcomes('failed');
      return failed.length === begun ? failed : undefined;
    }),
    Array(begun).fill('owned_by_another'),
  );
  assert.equal((await backoff()).failures, begun);

  // The failing purge would be first in every sweep.
  await makeDue('beside-2');
  await purged('beside-2');
  assert.equal((await outcomes('allowed')).length, begun, 'the failing purge is left alone');

  await leaveAlone(0);
  await makeDue('beside-3');
  await purged('beside-3');
  await until('the failing purge is started again', async () => (await backoff()).failures > begun);
  assert.equal((await api.call('getTenant', { params: { name: 'failing' } })).body.status.lifecycle, 'Deleted');
});

test('an operation that always fails is retried forever, at growing intervals, without delaying others', async () => {
  const { metadata } = await activeTenant(api, 'stuck', placed);
  await activeTenant(api, 'well', placed);
  await takeAll(api, 'stuck', ['suspendTenant']);
  const credentials = installation.control.db(installation.databases.secrets).collection<{ _id: string }>('secrets');
  const credential = await credentials.findOne({ _id: `${metadata.uid}/database-credential` });
  assert.ok(credential !== null);
  await credentials.deleteOne({ _id: credential._id });

  const { body } = await api.call('resumeTenant', {
    params: { name: 'stuck' },
    ifMatch: '*',
    idempotencyKey: randomUUID(),
  });
  const id = body.operation?.id ?? '';
  const attempts = async () => (await installation.store.operations.find(id))?.steps['restore-access']?.attempts ?? 0;
  const begun = performance.now();
  await until('there were four attempts', async () => (await attempts()) >= 4);
  for (let turn = 0; turn < 3; turn += 1) await takeAll(api, 'well', ['suspendTenant', 'resumeTenant']);
  const elapsed = performance.now() - begun;
  // Two at once, because the first is a local activity; then at least a tenth of 200 ms, 400 ms, …, 15 s apart.
  let most = 2;
  for (let spentMs = 0; (spentMs += Math.min(15_000, 200 * 2 ** (most - 2)) * 0.1) <= elapsed;) most += 1;
  const made = await attempts();
  assert.ok(made <= most, `${made} attempts in ${Math.round(elapsed)} ms, at most ${most} are expected`);
  assert.equal((await installation.store.operations.find(id))?.state, 'running');

  await credentials.insertOne(credential);
  assert.equal((await ended(api, id)).state, 'succeeded', 'the operation continues when the cause is fixed');
});
