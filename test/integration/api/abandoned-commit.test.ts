import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { MongoClient, MongoServerError } from 'mongodb';
import { planeProcesses } from '../../../platform/processes.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { createExchange } from '../../harness/http-exchange.ts';
import { startInstallation } from '../../harness/installation.ts';
import type { Installation } from '../../harness/installation.ts';
import { declareBasics, tenantManifest } from '../../harness/manifests.ts';
import { until } from '../../harness/until.ts';

let installation: Installation;
const opened: MongoClient[] = [];

/** Connects to the control database as another process, with the URI of the plane. */
function connect(appName: string): MongoClient {
  const client = new MongoClient(installation.environment['TENURE_CONTROL_URI'] ?? '', { appName });
  opened.push(client);
  return client;
}

before(async () => {
  installation = await startInstallation(attachToStack(), { worker: false });
  const api = installation.client();
  await declareBasics(api);
  for (const name of ['caught', 'counted']) await api.call('createTenant', { body: tenantManifest(name) });
});
after(async () => {
  await Promise.all(opened.map((client) => client.close(true)));
  await installation.stop();
});

/** Longer than it takes to detect an abandoned transaction. mongod itself keeps it for at least 10 s. */
const soonMs = 8_000;

for (const what of ['its tenant', 'a shared counter'] as const) {
  test(`a process that dies or is suspended in the middle of a commit does not block ${what} for long`, async () => {
    const { databases } = installation;
    const dead = connect(planeProcesses.api);
    const session = dead.startSession();
    session.startTransaction();
    // Nobody ends the transaction, as when a process is killed.
    const control = dead.db(databases.control);
    if (what === 'its tenant')
      await control.collection('resources').updateOne({ name: 'caught' }, { $inc: { revision: 1 } }, { session });
    else
      await control
        .collection<{ _id: string }>('brakes')
        .updateOne({ _id: 'delete' }, { $set: { slots: [] } }, { session, upsert: true });
    const exchange = createExchange(installation);
    const headers = { 'if-match': '*', 'idempotency-key': what.replaceAll(' ', '-') };
    const change = () =>
      exchange(
        what === 'its tenant'
          ? { method: 'POST', path: '/v1/tenants/caught:hold', body: { reason: 'a case' }, headers }
          : { method: 'DELETE', path: '/v1/tenants/counted', headers },
      );
    const refused = new Set<number>();
    await until(
      'it can be changed again',
      async () => {
        const { status } = await change();
        if (status >= 400) refused.add(status);
        return status < 400;
      },
      soonMs,
    );
    assert.deepEqual(
      [...refused].filter((code) => code !== 503 && code !== 409),
      [],
      'until then, the answer is 503 or 409',
    );
    await assert.rejects(
      session.commitTransaction(),
      (error) => error instanceof MongoServerError && error.hasErrorLabel('TransientTransactionError'),
    );
  });
}

test('a transaction of a program that is not a process of the plane is not ended', async () => {
  const { databases } = installation;
  const own = connect(planeProcesses.worker);
  const other = connect('mongosh');
  const [session, left] = [other.startSession(), own.startSession()];
  for (const [client, open] of [
    [other, session],
    [own, left],
  ] as const) {
    open.startTransaction();
    await client.db(databases.control).collection('notes').insertOne({}, { session: open });
  }
  const ids = async () =>
    (
      await own
        .db('admin')
        .aggregate<{ appName: string }>([
          { $currentOp: { allUsers: false, idleSessions: true } },
          { $match: { type: 'idleSession' } },
        ])
        .toArray()
    ).map(({ appName }) => appName);
  await until('the other one is ended', async () => !(await ids()).includes(planeProcesses.worker), soonMs);
  await session.commitTransaction();
});
