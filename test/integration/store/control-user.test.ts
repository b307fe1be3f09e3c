import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { MongoClient, MongoServerError } from 'mongodb';
import type { Collection, Db } from 'mongodb';
import { addedToCollections, changedCollections } from '../../../store/control-collections.ts';
import { controlDatabase } from '../../../store/control-database.ts';
import { createStore } from '../../../store/store.ts';
import type { Store } from '../../../store/store.ts';
import { createUlidFactory } from '../../../store/ulid.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { defineControlRole } from '../../../tools/stack/mongod-setup.ts';
import { acceptActivation, anyEntry } from '../../harness/control-store.ts';

// The plane's user on the control deployment, with the privileges that an installation gives it.
const id = createUlidFactory()().slice(-12);
const names = { control: `tenure_${id}`, secrets: `tenure_${id}_secrets` };
const user = `plane_${id}`;
let root: MongoClient;
let plane: MongoClient;
let store: Store;

before(async () => {
  const { adminUri } = attachToStack().mongod.control;
  root = new MongoClient(adminUri);
  const admin = root.db('admin');
  await defineControlRole(admin, user, [names.control, names.secrets]);
  await admin.command({ createUser: user, pwd: id, roles: [user] });
  const uri = new URL(adminUri);
  [uri.username, uri.password] = [user, id];
  plane = new MongoClient(uri.href);
  store = createStore({ client: plane, names, installation: 'test' });
  await store.prepare();
});
after(async () => {
  await plane?.close();
  for (const name of Object.values(names)) await root.db(name).dropDatabase();
  await root.db('admin').command({ dropUser: user });
  await root.db('admin').command({ dropRole: user });
  await root.close();
});

const unauthorized = (error: unknown): boolean => error instanceof MongoServerError && error.code === 13;

test('every collection of the control database is either only added to, or changed', () => {
  const { client: _client, db, secrets, webhookKeys, ...collections } = controlDatabase(plane, names);
  const inControl = Object.values(collections).map(({ collectionName }) => collectionName);
  assert.deepEqual(inControl.toSorted(), [...addedToCollections, ...changedCollections].toSorted());
  assert.equal(db.databaseName, names.control);
  for (const { dbName } of [secrets, webhookKeys]) assert.equal(dbName, names.secrets);
});

test('the guide to an own installation grants the same', () => {
  const guide = readFileSync(new URL('../../../docs/guides/installation.md', import.meta.url), 'utf8');
  const listed = (name: string): string[] =>
    [...(new RegExp(`const ${name} = \\[([^\\]]*)\\]`).exec(guide)?.[1] ?? '').matchAll(/'(\w+)'/g)].map(
      ([, collection = '']) => collection,
    );
  assert.deepEqual(listed('addedTo'), [...addedToCollections]);
  assert.deepEqual(listed('changed'), [...changedCollections]);
});

test('the plane prepares the database, and commits', async () => {
  const { tenant } = await acceptActivation(store, 'acme');
  assert.equal((await store.resources.find('Tenant', 'acme'))?._id, tenant._id);
  await store.checkpoints.publishKeys(['a key', 'a key']);
  assert.deepEqual(await store.checkpoints.keys(), ['a key']);
  assert.equal(await store.endAbandonedTransactions(), 0);
  // Everything that follows what is committed.
  for (const open of [store.openChangeFeed, store.followEndedOperations, store.events.followEnd]) {
    const opened = await open();
    await opened.close();
  }
  const committed = await store.committedEntries.follow();
  await committed?.close();
});

describe('what has happened cannot be changed with the credential of the plane:', () => {
  const attempts: Readonly<Record<string, (collection: Collection, db: Db) => Promise<unknown>>> = {
    'an update': (collection) => collection.updateOne({}, { $set: { action: 'tenant.nothing' } }),
    'an update of nothing': (collection) => collection.updateMany({ _id: { $exists: false } }, { $set: { a: 1 } }),
    'an upsert': (collection) => collection.updateOne({ other: 1 }, { $set: { a: 1 } }, { upsert: true }),
    'a replacement': (collection) => collection.findOneAndReplace({}, {}),
    'a removal': (collection) => collection.deleteMany({}),
    'a drop': (collection) => collection.drop(),
    'a new name': (collection) => collection.rename('elsewhere'),
    'another form': (collection, db) => db.command({ collMod: collection.collectionName, validator: { a: 1 } }),
    'an aggregation that writes over it': (collection) =>
      collection.aggregate([{ $limit: 1 }, { $merge: { into: collection.collectionName } }]).toArray(),
    'an aggregation that replaces it': (collection) =>
      collection.aggregate([{ $limit: 0 }, { $out: collection.collectionName }]).toArray(),
  };
  for (const name of addedToCollections)
    for (const [what, attempt] of Object.entries(attempts))
      test(`${what} of ${name}`, async () => {
        const db = plane.db(names.control);
        await assert.rejects(attempt(db.collection(name), db), unauthorized);
      });

  test('the database is not dropped', async () => {
    await assert.rejects(plane.db(names.control).dropDatabase(), unauthorized);
  });

  test('nothing is granted', async () => {
    const admin = plane.db('admin');
    await assert.rejects(admin.command({ grantRolesToUser: user, roles: ['root'] }), unauthorized);
    await assert.rejects(admin.command({ createUser: 'other', pwd: 'x', roles: ['root'] }), unauthorized);
  });

  test('entries are still there, and more can be added', async () => {
    const before = (await store.ledger.entries({})).length;
    assert.ok(before > 0);
    await store.commit(async () => ({ result: undefined, entries: [anyEntry(store.newId())] }));
    assert.equal((await store.ledger.entries({})).length, before + 1);
  });
});
