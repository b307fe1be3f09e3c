import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ChangeStream, Collection, Document, MongoClient } from 'mongodb';
import type { IsolationMode } from '../../../contracts/lifecycle.ts';
import { homeFormIn } from '../../../domain/isolation.ts';
import type { Home } from '../../../engines/isolation/home.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { until } from '../../harness/until.ts';
import { changing, ensureBefore, inEveryMode, modes, openCell, parts, passwordOf, specWith } from './cell-fixture.ts';
import { connectRaw } from './raw-connection.ts';

const cell = openCell(attachToStack().mongod['eu-west-1']);
after(() => cell.close());

const spec = (mode: IsolationMode) => specWith([{ name: 'counters' }], mode);
const unauthorized = 13;
const interrupted = 11_601;
const documents = 400;
/** Takes about ten milliseconds for each document, so that updating all of them takes seconds. */
const slowUpdate = [
  {
    $set: {
      sum: { $reduce: { input: { $range: [0, 60_000] }, initialValue: 0, in: { $add: ['$$value', '$$this'] } } },
    },
  },
];

interface Tenant {
  readonly home: Home;
  readonly client: MongoClient;
  /** As the tenant. */
  readonly counters: Collection;
  /** As root. */
  readonly seen: Collection;
}

async function activeTenant(mode: IsolationMode = 'dedicated'): Promise<Tenant> {
  const home = cell.home({ mode, spec: spec(mode) });
  await ensureBefore('probe-isolation', home);
  const client = await cell.asTenant(home);
  const [{ database, name }] = home.layout.namespaces as [Home['layout']['namespaces'][number]];
  const seen = cell.root.db(database).collection(name);
  await seen.insertMany(Array.from({ length: documents }, (_, n) => ({ n })));
  return { home, client, counters: client.db(database).collection(name), seen };
}

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: { code?: number }) => error.code,
  );

async function runsAs(home: Home, command: string): Promise<boolean> {
  const operations = await cell.root
    .db('admin')
    .aggregate([
      { $currentOp: { allUsers: true } },
      { $match: { 'effectiveUsers.user': home.layout.user, op: command } },
    ])
    .toArray();
  return operations.length > 0;
}

const closedBy = { Suspended: homeFormIn('Suspended'), Archived: homeFormIn('Archived') } as const;

for (const { mode, state, form } of inEveryMode(Object.entries(closedBy).map(([state, form]) => ({ state, form })))) {
  describe(`when the access of a tenant in mode ${mode} that becomes ${state} is revoked`, () => {
    const take = (home: Home): Promise<string> => parts['home-user'].ensure(changing(home, { form }));

    test('an open transaction cannot commit', async () => {
      const { home, client, seen } = await activeTenant(mode);
      const session = client.startSession();
      session.startTransaction();
      const { database, name } = home.layout.namespaces[0]!;
      await client.db(database).collection(name).insertOne({ uncommitted: true }, { session });
      await take(home);
      assert.notEqual(await codeOf(session.commitTransaction()), 'done');
      assert.equal(await seen.countDocuments({ uncommitted: true }), 0);
    });

    test('an open cursor and a change stream return nothing more', async () => {
      const { home, counters, seen } = await activeTenant(mode);
      const cursor = counters.find({}, { batchSize: 2 });
      await cursor.next();
      const stream: ChangeStream = counters.watch();
      await stream.tryNext();
      await take(home);
      await seen.insertOne({ secret: true });
      await assert.rejects(cursor.toArray());
      await assert.rejects(stream.next());
      await stream.close();
    });

    test('no later write of a busy tenant is acknowledged or applied', async () => {
      const { home, counters, seen } = await activeTenant(mode);
      let taken = false;
      let acknowledged = 0;
      const late: string[] = [];
      const writers = Array.from({ length: 8 }, async (_, writer) => {
        for (let n = 0, refused = 0; refused < 5; n += 1) {
          const begunAfter = taken;
          const code = await codeOf(counters.insertOne({ writer, n }));
          if (code === 'done') acknowledged += 1;
          if (code === 'done' && begunAfter) late.push(`${writer}/${n}`);
          if (taken && code !== 'done') refused += 1;
        }
      });
      await until('the writers have started', () => acknowledged > 200);
      await take(home);
      taken = true;
      const standing = await seen.countDocuments();
      await Promise.all(writers);
      assert.deepEqual(late, []);
      assert.equal(await seen.countDocuments(), standing);
    });

    test('a long update ends before it is complete, also one without a session', async () => {
      const { home, counters, seen } = await activeTenant(mode);
      const raw = await connectRaw(home.cell.endpoint, {
        user: home.layout.user,
        password: await passwordOf(home.uid),
        database: home.layout.database,
      });
      try {
        const { database, name } = home.layout.namespaces[0]!;
        const half = documents / 2;
        const withSession = codeOf(counters.updateMany({ n: { $lt: half } }, slowUpdate));
        const without = raw.command(database, {
          update: name,
          updates: [{ q: { n: { $gte: half } }, u: slowUpdate, multi: true }],
        });
        await until('both updates run', async () => {
          const running = await cell.root
            .db('admin')
            .aggregate([
              { $currentOp: { allUsers: true } },
              { $match: { 'effectiveUsers.user': home.layout.user, op: 'update' } },
            ])
            .toArray();
          return running.some(({ lsid }) => lsid === undefined) && running.some(({ lsid }) => lsid !== undefined);
        });
        await take(home);
        const updated = await seen.countDocuments({ sum: { $exists: true } });
        assert.equal(await runsAs(home, 'update'), false);
        assert.equal(await withSession, interrupted);
        assert.equal((await without)['code'], interrupted);
        assert.ok(updated < documents);
        assert.equal(await seen.countDocuments({ sum: { $exists: true } }), updated);
      } finally {
        raw.close();
      }
    });

    test('a long aggregation that writes ends, and writes nothing more', async () => {
      const { home, counters, seen } = await activeTenant(mode);
      const merging = codeOf(
        counters.aggregate([slowUpdate[0]!, { $merge: { into: counters.collectionName } }]).toArray(),
      );
      await until('the aggregation runs', () => runsAs(home, 'command'));
      await take(home);
      const updated = await seen.countDocuments({ sum: { $exists: true } });
      assert.notEqual(await merging, 'done');
      assert.equal(await seen.countDocuments({ sum: { $exists: true } }), updated);
    });

    test('requests on a connection without sessions are refused, also for the next batch of a cursor', async () => {
      const { home } = await activeTenant(mode);
      const raw = await connectRaw(home.cell.endpoint, {
        user: home.layout.user,
        password: await passwordOf(home.uid),
        database: home.layout.database,
      });
      try {
        const { database, name } = home.layout.namespaces[0]!;
        const { cursor } = await raw.command(database, { find: name, batchSize: 2 });
        await take(home);
        for (const command of [
          { insert: name, documents: [{}] },
          { find: name },
          { getMore: cursor.id, collection: name },
        ] as Document[]) {
          assert.equal((await raw.command(database, command))['code'], unauthorized, JSON.stringify(command));
        }
      } finally {
        raw.close();
      }
    });

    test('the access of an idle tenant can be revoked repeatedly and concurrently', async () => {
      const { home } = await activeTenant(mode);
      await Promise.all([take(home), take(home)]);
      await take(home);
      assert.equal(await parts['home-user'].observe(changing(home, { form })), 'present');
    });
  });
}

for (const mode of modes)
  describe(`a neighbour on the cell, in mode ${mode}`, () => {
    let neighbour: Tenant;
    before(async () => {
      neighbour = await activeTenant(mode);
    });

    for (const [state, form] of [...Object.entries(closedBy), ['dropped by hand', undefined]] as const) {
      test(`commits its open transaction and reads its cursor to the end when another tenant is ${state}`, async () => {
        const { home, client } = await activeTenant(mode);
        const { client: theirs, counters, seen } = neighbour;
        const begin = async (of: MongoClient, collection: Collection) => {
          const session = of.startSession();
          session.startTransaction();
          await collection.insertOne({ state }, { session });
          return session;
        };
        const session = await begin(theirs, counters);
        const own = await begin(
          client,
          client.db(home.layout.namespaces[0]!.database).collection(home.layout.namespaces[0]!.name),
        );
        const cursor = counters.find({ n: { $exists: true } }, { batchSize: 2 });
        await cursor.next();
        if (form === undefined) await cell.database(home).command({ dropUser: home.layout.user });
        await parts['home-user'].ensure(changing(home, { form: form ?? homeFormIn('Archived') }));
        await session.commitTransaction();
        assert.equal((await cursor.toArray()).length, documents - 1);
        assert.equal(await seen.countDocuments({ state }), 1);
        assert.notEqual(await codeOf(own.commitTransaction()), 'done');
        assert.equal(
          (
            await cell.root
              .db('admin')
              .aggregate([
                { $currentOp: { allUsers: true, idleSessions: true } },
                { $match: { type: 'idleSession', 'lsid.id': own.id?.id } },
              ])
              .toArray()
          ).length,
          0,
        );
      });
    }
  });

test('a resumed tenant has access as another user with its password, but not over its old connection', async () => {
  const { home, counters } = await activeTenant();
  const { user } = home.layout;
  const suspended = changing(home, { form: homeFormIn('Suspended') });
  await parts['home-user'].ensure(suspended);
  assert.equal(await codeOf(counters.insertOne({})), unauthorized);
  await parts['home-user'].ensure(changing(suspended, { form: homeFormIn('Active') }));
  assert.notEqual(home.layout.user, user);
  assert.notEqual(await codeOf(counters.insertOne({})), 'done');
  const { dbName, collectionName } = counters;
  await (await cell.asTenant(home)).db(dbName).collection(collectionName).insertOne({});
});

test('a user that was dropped is created again with its password', async () => {
  const { home } = await activeTenant();
  const archived = changing(home, { form: homeFormIn('Archived') });
  await parts['home-user'].ensure(archived);
  await assert.rejects((await cell.asTenant(home)).connect(), { code: 18 });
  await parts['home-user'].undo(archived);
  const client = await cell.asTenant(home);
  const { database, name } = home.layout.namespaces[0]!;
  assert.equal(await client.db(database).collection(name).countDocuments(), documents);
});
