import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Document, MongoClient } from 'mongodb';
import type { HomeNamespace } from '../../../domain/home-layout.ts';
import type { Home } from '../../../engines/isolation/home.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { ensureBefore, modes, openCell } from './cell-fixture.ts';

const cell = openCell(attachToStack().mongod['eu-west-1']);
after(() => cell.close());

interface Tenant {
  readonly home: Home;
  readonly client: MongoClient;
  readonly canary: string;
}

/** A tenant with a canary in each of its collections. */
async function plant(mode: Home['mode']): Promise<Tenant> {
  const home = cell.home({ mode });
  await ensureBefore('probe-isolation', home);
  const canary = `canary of ${home.uid}`;
  for (const { declared } of home.layout.namespaces)
    await cell.collection(home, declared.name).insertMany([
      { sku: canary, canary },
      { sku: `${canary}, again`, canary },
    ]);
  return { home, client: await cell.asTenant(home), canary };
}

/** Everything that a tenant could send to read or change a collection of another, or to learn about it. */
function attacks(
  own: HomeNamespace,
  { database, name }: HomeNamespace,
  uuid: unknown,
): { readonly db: string; readonly command: Document }[] {
  const there = (command: Document) => ({ db: database, command });
  const here = (command: Document) => ({ db: own.database, command });
  const admin = (command: Document) => ({ db: 'admin', command });
  const through = (...pipeline: Document[]) => here({ aggregate: own.name, pipeline, cursor: {} });
  const join = { localField: 'x', foreignField: 'x', as: 'theirs' };
  return [
    there({ find: name }),
    there({ find: uuid }),
    there({ find: name, readConcern: { level: 'snapshot' } }),
    there({ aggregate: name, pipeline: [], cursor: {} }),
    there({ aggregate: name, pipeline: [{ $collStats: { storageStats: {} } }], cursor: {} }),
    there({ aggregate: name, pipeline: [{ $indexStats: {} }], cursor: {} }),
    there({ aggregate: name, pipeline: [{ $planCacheStats: {} }], cursor: {} }),
    there({ aggregate: name, pipeline: [{ $changeStream: { fullDocument: 'updateLookup' } }], cursor: {} }),
    there({ aggregate: 1, pipeline: [{ $changeStream: {} }], cursor: {} }),
    admin({ aggregate: 1, pipeline: [{ $changeStream: { allChangesForCluster: true } }], cursor: {} }),
    there({ count: name }),
    there({ distinct: name, key: 'canary' }),
    there({ explain: { find: name } }),
    there({
      mapReduce: name,
      map: 'function () { emit(1, this.canary) }',
      reduce: 'function (k, v) { return v[0] }',
      out: { inline: 1 },
    }),
    there({ collStats: name }),
    there({ dataSize: `${database}.${name}` }),
    there({ dbStats: 1 }),
    there({ dbHash: 1 }),
    there({ validate: name }),
    there({ listIndexes: name }),
    there({ listCollections: 1 }),
    there({ listCollections: 1, nameOnly: true }),
    there({ insert: name, documents: [{ stranger: true }] }),
    there({ update: name, updates: [{ q: {}, u: { $set: { stranger: true } }, multi: true }] }),
    there({ update: name, updates: [{ q: { stranger: 1 }, u: { $set: { stranger: true } }, upsert: true }] }),
    there({ delete: name, deletes: [{ q: {}, limit: 0 }] }),
    there({ findAndModify: name, query: {}, remove: true }),
    there({ create: name, capped: true, size: 4096 }),
    there({ create: 'seen', viewOn: name, pipeline: [] }),
    there({ createIndexes: name, indexes: [{ key: { x: 1 }, name: 'stranger' }] }),
    there({ dropIndexes: name, index: '*' }),
    there({ collMod: name, validationLevel: 'off' }),
    there({ convertToCapped: name, size: 4096 }),
    there({ compact: name }),
    there({ drop: name }),
    there({ dropDatabase: 1 }),
    there({ profile: 2 }),
    admin({ renameCollection: `${database}.${name}`, to: `${own.database}.stolen`, dropTarget: true }),
    admin({ renameCollection: `${own.database}.${own.name}`, to: `${database}.${name}`, dropTarget: true }),
    admin({ applyOps: [{ op: 'i', ns: `${database}.${name}`, o: { _id: 'stranger' } }] }),
    here({ aggregate: own.name, pipeline: [{ $out: { db: database, coll: name } }], cursor: {} }),
    here({ aggregate: own.name, pipeline: [{ $merge: { into: { db: database, coll: name } } }], cursor: {} }),
    ...(own.database !== database
      ? []
      : [
          through({ $lookup: { from: name, ...join } }),
          through({ $lookup: { from: name, pipeline: [], as: 'theirs' } }),
          through({ $lookup: { from: own.name, pipeline: [{ $lookup: { from: name, ...join } }], as: 'own' } }),
          through({ $facet: { a: [{ $lookup: { from: name, ...join } }] } }),
          through({ $unionWith: name }),
          through({ $unionWith: { coll: own.name, pipeline: [{ $unionWith: name }] } }),
          through({
            $graphLookup: { from: name, startWith: '$x', connectFromField: 'x', connectToField: 'x', as: 'theirs' },
          }),
          here({ create: 'seen', viewOn: own.name, pipeline: [{ $unionWith: name }] }),
        ]),
  ];
}

for (const attackerMode of modes) {
  for (const victimMode of modes) {
    describe(`a tenant in mode ${attackerMode} and one in mode ${victimMode}`, () => {
      let tenants: readonly [Tenant, Tenant];
      before(async () => {
        tenants = [await plant(attackerMode), await plant(victimMode)];
      });

      test('mongod refuses every attack of the one on the other, and neither loses or learns anything', async () => {
        const [attacker, victim] = tenants;
        const states = await Promise.all(tenants.map(({ home }) => cell.snapshot(home)));
        let refused = 0;
        for (const target of victim.home.layout.namespaces) {
          const [info] = await cell.root
            .db(target.database)
            .listCollections({ name: target.name }, { nameOnly: false })
            .toArray();
          for (const own of attacker.home.layout.namespaces) {
            for (const { db, command } of attacks(own, target, info?.info?.uuid)) {
              const answer = await attacker.client
                .db(db)
                .command(command)
                .then(
                  (reply) => reply,
                  (error: { code?: number; message: string }) => error,
                );
              assert.equal(
                (answer as { code?: number }).code,
                13,
                `${JSON.stringify(command)}: ${JSON.stringify(answer)}`,
              );
              assert.ok(!JSON.stringify(answer).includes(victim.canary));
              refused += 1;
            }
          }
        }
        assert.ok(refused > 150, String(refused));
        assert.deepEqual(await Promise.all(tenants.map(({ home }) => cell.snapshot(home))), states);
      });

      test('a transaction across both writes to neither', async () => {
        const [attacker, victim] = tenants;
        const [own, theirs] = [attacker.home.layout.namespaces[0]!, victim.home.layout.namespaces[0]!];
        const session = attacker.client.startSession();
        session.startTransaction();
        await attacker.client.db(own.database).collection(own.name).insertOne({ sku: 'in a transaction' }, { session });
        await assert.rejects(
          attacker.client
            .db(theirs.database)
            .collection(theirs.name)
            .insertOne({ sku: 'in a transaction' }, { session }),
          { code: 13 },
        );
        await session.abortTransaction();
        for (const { home } of tenants)
          assert.equal(await cell.collection(home, 'orders').countDocuments({ sku: 'in a transaction' }), 0);
      });

      test('a cursor of the other returns nothing and stays open', async () => {
        const [attacker, victim] = tenants;
        const own = attacker.home.layout.namespaces[0]!;
        const { database, name } = victim.home.layout.namespaces[1]!;
        const cursor = victim.client.db(database).collection(name).find({}, { batchSize: 1 });
        await cursor.next();
        for (const at of [{ database, name }, own]) {
          const db = attacker.client.db(at.database);
          await assert.rejects(db.command({ getMore: cursor.id, collection: at.name }));
          await db.command({ killCursors: at.name, cursors: [cursor.id] }).catch(() => undefined);
        }
        assert.deepEqual(
          (await cursor.toArray()).map((document) => document['canary']),
          [victim.canary],
        );
      });

      test('mongod shows a tenant only its own collections, and only the databases that contain them', async () => {
        const [{ client, home }] = tenants;
        for (const [database, own] of Map.groupBy(home.layout.namespaces, (namespace) => namespace.database)) {
          const shown = await client
            .db(database)
            .listCollections({}, { nameOnly: true, authorizedCollections: true })
            .toArray();
          assert.deepEqual(shown.map(({ name }) => name).toSorted(), own.map(({ name }) => name).toSorted());
        }
        const { databases } = await client.db('admin').command({ listDatabases: 1, nameOnly: true });
        assert.deepEqual(
          (databases as Document[]).map(({ name }) => name as string).toSorted(),
          [...new Set(home.layout.namespaces.map(({ database }) => database))].toSorted(),
        );
      });
    });
  }
}
