import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { MongoErrorLabel, MongoServerError } from 'mongodb';
import type { ClientSession, Document } from 'mongodb';
import { TenureError } from '../../../domain/tenure-error.ts';
import type { Home, WorkLease } from '../../../engines/isolation/home.ts';
import { createCollections } from '../../../engines/isolation/parts/collections.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { until } from '../../harness/until.ts';
import { heldLease, openCell } from './cell-fixture.ts';

const { uri, adminUri } = attachToStack().mongod['eu-west-1'];
// The socket times out before any lease in this file ends: no build may depend on the socket.
const cell = openCell({ uri: `${uri}${uri.includes('?') ? '&' : '?'}socketTimeoutMS=1500`, adminUri });
after(() => cell.close());

const shortMs = 3_000;

/** A lease of three seconds, renewed for as long as `renewed` returns true. */
function shortLease(renewed: () => boolean): WorkLease {
  let until = performance.now() + shortMs;
  return {
    remainingMs() {
      if (renewed()) until = performance.now() + shortMs;
      const leftMs = Math.floor(until - performance.now());
      if (leftMs < 1) throw new TenureError('control_unavailable', 'the lease ran out');
      return leftMs;
    },
  };
}

const buildsOf = (home: Home): Promise<Document[]> =>
  cell.root
    .db('admin')
    .aggregate([
      { $currentOp: { allUsers: true } },
      { $match: { 'command.createIndexes': { $exists: true }, 'command.comment': { $regex: home.operationId } } },
    ])
    .toArray();

/** Runs `act` while no index can be built, because an open transaction has written to the collection. */
async function whileBlocked(act: (home: Home, release: () => Promise<unknown>) => Promise<void>): Promise<Home> {
  const home = cell.home();
  await cell.insertClaim(home);
  await createCollections.ensure(home);
  const orders = cell.collection(home, 'orders');
  await orders.insertOne({ sku: 'a' });
  await orders.dropIndexes();
  await cell.root.withSession(async (session: ClientSession) => {
    session.startTransaction();
    await orders.insertOne({ sku: 'b' }, { session });
    await act(home, () => session.commitTransaction());
  });
  return home;
}

describe('an index build', () => {
  test('continues for longer than a lease while the lease is renewed', async () => {
    const home = await whileBlocked(async (blocked, release) => {
      cell.sent.length = 0;
      const begun = performance.now();
      const ensured = createCollections.ensure({ ...blocked, lease: shortLease(() => true) });
      ensured.catch(() => undefined);
      await until('the build waits', async () => (await buildsOf(blocked)).length > 0);
      await Promise.race([
        ensured,
        until('one and a half times the lease has passed', () => performance.now() - begun > 1.5 * shortMs),
      ]);
      await release();
      await ensured;
      assert.equal(
        cell.sent.filter(({ commandName }) => commandName === 'createIndexes').length,
        1,
        'the build is not started again',
      );
    });
    assert.equal(await createCollections.observe(home), 'present');
  });

  test('stops within the lease, also in mongod, if the lease is not renewed', async () => {
    const home = await whileBlocked(async (blocked, release) => {
      const lease = shortLease(() => false);
      await assert.rejects(createCollections.ensure({ ...blocked, lease }), {
        code: 'cell_unavailable',
        message: /within the lease/,
      });
      assert.ok(lease.remainingMs() > 0);
      assert.deepEqual(await buildsOf(blocked), []);
      await release();
    });
    assert.equal(await createCollections.observe(home), 'partial');
  });

  test('that outlives its worker is ended by the undo', async () => {
    const home = await whileBlocked(async (blocked, release) => {
      let isLost = false;
      const lease: WorkLease = {
        remainingMs() {
          if (isLost) throw new TenureError('fenced', 'the lease was lost');
          return shortMs;
        },
      };
      const ensured = assert.rejects(createCollections.ensure({ ...blocked, lease }), { code: 'fenced' });
      await until('the build waits', async () => (await buildsOf(blocked)).length > 0);
      isLost = true;
      await ensured;
      assert.equal((await buildsOf(blocked)).length, 1, 'an attempt that has lost the lease sends nothing more');
      const undone = createCollections.undo({ ...blocked, lease: heldLease });
      await until('the build has ended before anything is dropped', async () => (await buildsOf(blocked)).length === 0);
      await release();
      await undone;
    });
    assert.deepEqual(await cell.inside(home).listCollections(), []);
  });

  // If both the command and the building thread were killed, mongod would keep the collection locked forever.
  test('that is running is ended by the undo, and does not keep the collection locked', async () => {
    const home = cell.home();
    await cell.insertClaim(home);
    await createCollections.ensure(home);
    const orders = cell.collection(home, 'orders');
    await orders.dropIndexes();
    for (let batch = 0; batch < 20; batch += 1)
      await orders.insertMany(
        Array.from({ length: 10_000 }, (_, index) => ({ sku: `${batch}-${index}` })),
        { ordered: false, writeConcern: { w: 1 } },
      );
    const isBuilt = async (): Promise<boolean> =>
      (await buildsOf(home)).some(({ connectionId }) => connectionId === undefined);
    let isLost = false;
    const lease: WorkLease = {
      remainingMs() {
        if (isLost) throw new TenureError('fenced', 'the lease was lost');
        return shortMs;
      },
    };
    const ensured = createCollections.ensure({ ...home, lease }).catch(() => undefined);
    await until('the index is being built', isBuilt, 20_000, 1);
    await cell.root.withSession(async (session: ClientSession) => {
      // The build cannot be committed while this is open. When it starts, it briefly locks the whole collection.
      await until(
        'a transaction has written to the collection',
        async () => {
          session.startTransaction();
          try {
            await orders.insertOne({ sku: 'open' }, { session });
            return true;
          } catch (error) {
            await session.abortTransaction();
            if (error instanceof MongoServerError && error.hasErrorLabel(MongoErrorLabel.TransientTransactionError))
              return false;
            throw error;
          }
        },
        20_000,
        1,
      );
      assert.ok(await isBuilt());
      isLost = true;
      cell.sent.length = 0;
      const undone = createCollections.undo({ ...home, lease: heldLease });
      await until('the build is being ended', () =>
        cell.sent.some(({ commandName }) => commandName === 'dropIndexes' || commandName === 'killOp'),
      );
      await session.commitTransaction();
      await Promise.race([undone, until('the undo ends', () => false, 20_000)]);
    });
    await ensured;
    assert.deepEqual(await buildsOf(home), []);
    assert.deepEqual(await cell.inside(home).listCollections(), []);
  });
});
