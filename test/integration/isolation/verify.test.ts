import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { Document } from 'mongodb';
import type { IsolationMode } from '../../../contracts/lifecycle.ts';
import type { BreachEvidence, IsolationDirection } from '../../../contracts/isolation-report.ts';
import { nothingKnown } from '../../../engines/isolation/verify/known-refusals.ts';
import { clearLeftovers, verifyPair } from '../../../engines/isolation/verify/verify-pair.ts';
import { readInventory } from '../../../engines/isolation/verify/inventory.ts';
import type { Home } from '../../../engines/isolation/home.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { ensureBefore, heldLease, newId, openCell, passwordOf } from './cell-fixture.ts';
import type { CellFixture } from './cell-fixture.ts';

const stack = attachToStack();
const cell = openCell(stack.mongod['eu-west-1']);
const elsewhere = openCell(stack.mongod['us-east-1'], 'us-east-1-a');
after(() => Promise.all([cell.close(), elsewhere.close()]));

async function prepared(mode: IsolationMode, where: CellFixture = cell): Promise<Home> {
  const home = where.home({ mode });
  await ensureBefore('probe-isolation', home);
  await where.collection(home, 'orders').insertOne({ sku: `of ${home.uid}` });
  return home;
}

const since = '0';
const behaviour = nothingKnown();

/** The verifications of this file; others may run on the same cells. */
const own = new Set<string>();

function newVerification(): string {
  const id = newId();
  own.add(id);
  return id;
}

async function verify(
  one: Home,
  other: Home,
  verification = newVerification(),
): Promise<readonly [IsolationDirection, IsolationDirection]> {
  const directions = await verifyPair({
    tenants: [
      { name: 'one', home: one },
      { name: 'other', home: other },
    ],
    leftovers: { verification, olderThan: since },
    attempt: `${verification}_1`,
    password: passwordOf,
    newId,
    behaviour,
  });
  return directions as [IsolationDirection, IsolationDirection];
}

const total = ({ counts }: IsolationDirection, family: string): number =>
  counts
    .filter((count) => count.family === family)
    .reduce(
      (sum, { refused, harmless, notApplicable, breach }) => sum + refused + harmless + notApplicable + breach,
      0,
    );
const breachesOf = ({ breaches }: IsolationDirection): string[] =>
  breaches.map(({ family, probe, detail }) => `${family} ${probe}: ${detail}`);

/** A snapshot with the roles of each user sorted, because mongod returns them in any order. */
async function stateOf(home: Home): Promise<Document> {
  const state = await cell.snapshot(home);
  const byName = (a: Document, b: Document): number => (`${a['db']}.${a['role']}` < `${b['db']}.${b['role']}` ? -1 : 1);
  for (const found of Object.values(state))
    for (const user of (found as { users?: { roles: Document[] }[] }).users ?? []) user.roles.sort(byName);
  return state;
}

/** The users without rights of these verifications, and all canaries. */
async function leftOn(where: CellFixture, homes: readonly Home[]): Promise<unknown[]> {
  const users = await where.root
    .db('admin')
    .collection('system.users')
    .find({ user: { $in: [...own].map((id) => new RegExp(`^tenure_bystander_${id}(_|$)`)) } })
    .toArray();
  const canaries = await Promise.all(
    homes.flatMap((home) =>
      home.layout.namespaces.map(({ database, name }) =>
        where.root
          .db(database)
          .collection(name)
          .find({ canary: { $exists: true } })
          .toArray(),
      ),
    ),
  );
  return [...users, ...canaries.flat()];
}

describe('the boundary that the plane creates holds in both directions, against everything that mongod knows', () => {
  const pairs: readonly (readonly [IsolationMode, IsolationMode])[] = [
    ['schema', 'schema'],
    ['dedicated', 'dedicated'],
    ['hybrid', 'schema'],
    ['dedicated', 'hybrid'],
  ];
  for (const [mine, theirs] of pairs) {
    test(`${mine} and ${theirs} on one cell`, async (context) => {
      const [one, other] = [await prepared(mine), await prepared(theirs)];
      const states = await Promise.all([stateOf(one), stateOf(other)]);
      const inventory = await readInventory(one);
      for (const [direction, aimed] of [...(await verify(one, other))].map(
        (found, index) => [found, [other, one][index]!] as const,
      )) {
        const targets = new Set(aimed.layout.namespaces.map(({ database }) => database)).size;
        assert.deepEqual(breachesOf(direction), []);
        assert.deepEqual(direction.known, { commands: inventory.commands.length, stages: inventory.stages.length });
        assert.equal(total(direction, 'command'), inventory.commands.length * targets, 'each command is probed');
        assert.ok(total(direction, 'stage') >= inventory.stages.length * 3 * targets);
        assert.deepEqual(
          direction.refusals.map(({ code }) => code),
          [13, 18],
        );
        assert.ok(direction.refusals[0]!.count > direction.probes * 0.7, JSON.stringify(direction.counts));
        context.diagnostic(`${direction.from} to ${direction.to}: ${JSON.stringify(direction.counts)}`);
      }
      assert.deepEqual(await Promise.all([stateOf(one), stateOf(other)]), states);
      assert.deepEqual(await leftOn(cell, [one, other]), []);
    });
  }

  test('on two cells, mongod refuses the login and everything without a login', async () => {
    const [here, there] = [await prepared('schema'), await prepared('dedicated', elsewhere)];
    for (const direction of await verify(here, there)) {
      assert.deepEqual(breachesOf(direction), []);
      assert.equal(total(direction, 'command'), direction.known.commands);
      const [unauthorized, failed] = direction.refusals;
      assert.deepEqual([unauthorized?.code, failed?.code], [13, 18]);
      assert.ok(failed!.count >= total(direction, 'login'));
    }
    assert.deepEqual([...(await leftOn(cell, [here])), ...(await leftOn(elsewhere, [there]))], []);
  });
});

/** What is granted by hand to the first tenant's user. */
interface Widening {
  readonly what: string;
  readonly mode: IsolationMode;
  readonly privileges?: (theirs: Home['layout']['namespaces'][number]) => {
    readonly resource: Document;
    readonly actions: readonly string[];
  };
  readonly roles?: (theirs: Home) => Document[];
  /** The probes that must find it, with the evidence. `*` is the name of the other tenant's collection. */
  readonly found: readonly (readonly [probe: string, evidence: BreachEvidence])[];
}

const onCollection =
  (...actions: string[]) =>
  ({ database: db, name: collection }: Home['layout']['namespaces'][number]) => ({
    resource: { db, collection },
    actions,
  });

const widenings: readonly Widening[] = [
  {
    what: 'reading',
    mode: 'schema',
    privileges: onCollection('find'),
    found: [
      ['find', 'let'],
      ['find in *', 'disclosed'],
      ['$lookup over the collection', 'let'],
      ['$unionWith from tenure_pool', 'let'],
      ['look up in a facet from tenure_pool', 'let'],
      ['count', 'let'],
      ['read it in a transaction', 'let'],
    ],
  },
  {
    what: 'writing',
    mode: 'schema',
    privileges: onCollection('insert', 'update', 'remove'),
    found: [
      ['insert', 'let'],
      ['update', 'let'],
      ['delete', 'let'],
      ['$out from tenure_pool', 'let'],
      ['$merge from tenure_pool', 'let'],
      ['upsert', 'let'],
      ['insert in a transaction', 'let'],
    ],
  },
  {
    what: 'listing the collections of the pool',
    mode: 'schema',
    privileges: ({ database: db }) => ({ resource: { db, collection: '' }, actions: ['listCollections'] }),
    found: [
      ['listCollections', 'let'],
      ['list collections by name', 'let'],
    ],
  },
  {
    what: 'watching',
    mode: 'schema',
    privileges: onCollection('changeStream', 'find'),
    found: [
      ['watch *', 'let'],
      ['$changeStream over the collection', 'let'],
    ],
  },
  {
    what: 'changing definitions',
    mode: 'dedicated',
    privileges: onCollection('collMod', 'dropCollection', 'createIndex', 'dropIndex'),
    found: [
      ['collMod', 'let'],
      ['drop', 'let'],
      ['createIndexes', 'let'],
      ['drop indexes', 'let'],
    ],
  },
  {
    what: 'the other tenant’s role',
    mode: 'dedicated',
    roles: ({ layout: { roles } }) => [{ role: roles.readOnly, db: roles.database }],
    found: [
      ['find in orders', 'disclosed'],
      ['rights by mongod’s account', 'let'],
      ['listDatabases', 'disclosed'],
    ],
  },
  {
    what: 'owning the other tenant’s database',
    mode: 'dedicated',
    roles: ({ layout }) => [{ role: 'dbOwner', db: layout.database }],
    found: [
      ['dropDatabase', 'let'],
      ['drop the database', 'let'],
      ['take its password', 'let'],
      ['users of the database', 'let'],
      ['profile', 'let'],
    ],
  },
  {
    what: 'being root',
    mode: 'schema',
    roles: () => [{ role: 'root', db: 'admin' }],
    found: [
      ['shutdown', 'let'],
      ['killAllSessions', 'let'],
      ['replSetStepDown', 'let'],
      ['see what others do', 'let'],
      ['kill its operation', 'changed'],
      ['read the oplog', 'let'],
      ['watch the cluster', 'let'],
    ],
  },
];

describe('a right that was granted by hand is found, and the probes that it allows do no harm', () => {
  for (const { what, mode, privileges, roles, found } of widenings) {
    test(what, async () => {
      const [one, other] = [await prepared(mode), await prepared(mode)];
      const theirs = other.layout.namespaces[0]!;
      const admin = cell.root.db('admin');
      const byHand = `by_hand_${one.uid}`;
      if (privileges !== undefined)
        await admin.command({ createRole: byHand, privileges: [privileges(theirs)], roles: [] });
      await cell
        .database(one)
        .command({ grantRolesToUser: one.layout.user, roles: roles?.(other) ?? [{ role: byHand, db: 'admin' }] });
      const states = await Promise.all([stateOf(one), stateOf(other)]);
      const [there, back] = await verify(one, other);
      assert.deepEqual(breachesOf(back), []);
      for (const [pattern, evidence] of found) {
        const probe = pattern.replace('*', theirs.name);
        assert.ok(
          there.breaches.some((breach) => breach.probe === probe && breach.evidence === evidence),
          `${probe} (${evidence}) is not among ${breachesOf(there).join('\n')}`,
        );
      }
      assert.deepEqual(await Promise.all([stateOf(one), stateOf(other)]), states, 'both tenants are unchanged');
      assert.deepEqual(await leftOn(cell, [one, other]), []);
    });
  }
});

describe('an inconclusive result is not treated as proof', () => {
  test('a tenant without any rights, to which mongod refuses everything', async () => {
    const [one, other] = [await prepared('dedicated'), await prepared('schema')];
    await cell.database(one).command({ updateUser: one.layout.user, roles: [] });
    await assert.rejects(verify(one, other), { code: 'isolation_probe_failed' });
    assert.deepEqual(await leftOn(cell, [one, other]), []);
  });

  test('a cell that cannot be reached', async () => {
    const [one, other] = [await prepared('schema'), await prepared('schema')];
    const away = { ...other, cell: { ...other.cell, endpoint: 'mongodb://127.0.0.1:1/?directConnection=true' } };
    await assert.rejects(verify(one, away), { code: 'cell_unavailable' });
    assert.deepEqual(await leftOn(cell, [one, other]), []);
  });
});

describe('a change that a tenant makes to its own canary is not attributed to the other tenant', () => {
  const begin = async (one: Home, other: Home, planted: () => Promise<unknown>): Promise<IsolationDirection[]> => {
    const verification = newVerification();
    return verifyPair({
      tenants: [
        { name: 'one', home: one },
        { name: 'other', home: other },
      ],
      leftovers: { verification, olderThan: since },
      attempt: `${verification}_1`,
      password: passwordOf,
      newId,
      behaviour,
      planted: async () => void (await planted()),
    });
  };
  for (const whose of ['one', 'other'] as const) {
    test(`${whose} empties its collection: no verdict`, async () => {
      const homes = { one: await prepared('schema'), other: await prepared('schema') };
      const { database, name } = homes[whose].layout.namespaces[0]!;
      await assert.rejects(
        begin(homes.one, homes.other, () => cell.root.db(database).collection(name).deleteMany({})),
        { code: 'verification_disturbed' },
      );
      assert.deepEqual(await leftOn(cell, [homes.one, homes.other]), []);
    });
  }
  test('a change during the verification: no verdict, unless mongod allowed or disclosed something', async () => {
    const [one, other] = [await prepared('schema'), await prepared('schema')];
    const { database, name } = other.layout.namespaces[0]!;
    const orders = cell.root.db(database).collection(name);
    const rewrite = async ({ signal }: AbortController): Promise<void> => {
      for (let turn = 0; !signal.aborted; turn += 1)
        await orders.updateMany({ canary: { $exists: true } }, { $set: { turn } });
    };
    const beside = async (): Promise<IsolationDirection[]> => {
      const stop = new AbortController();
      const rewriting: Promise<void>[] = [];
      try {
        return await begin(one, other, async () => rewriting.push(rewrite(stop)));
      } finally {
        stop.abort();
        await Promise.all(rewriting);
      }
    };
    await assert.rejects(beside(), { code: 'verification_disturbed' });
    const byHand = `by_hand_${one.uid}`;
    await cell.root.db('admin').command({
      createRole: byHand,
      privileges: [{ resource: { db: database, collection: name }, actions: ['find'] }],
      roles: [],
    });
    await cell.database(one).command({ grantRolesToUser: one.layout.user, roles: [{ role: byHand, db: 'admin' }] });
    const [there] = await beside();
    assert.ok(there !== undefined);
    assert.ok(there.breaches.some(({ evidence }) => evidence === 'disclosed' || evidence === 'let'));
    assert.ok(!there.breaches.some(({ evidence }) => evidence === 'changed'), breachesOf(there).join('\n'));
  });
});

test('an attempt removes what earlier attempts left, and keeps what a running verification needs', async () => {
  const [one, other] = [await prepared('schema'), await prepared('hybrid')];
  const [stale, verification, running] = ['00000000000000000000000001', newVerification(), newVerification()];
  own.add(stale);
  for (const home of [one, other]) {
    for (const attempt of [stale, `${verification}_1`, `${running}_1`])
      await cell.collection(home, 'events').insertOne({ _id: `tenure_canary_${attempt}` as never, canary: 'x' });
  }
  for (const attempt of [stale, `${verification}_1`, `${running}_1`])
    await cell.root.db('tenure_cell').command({ createUser: `tenure_bystander_${attempt}`, pwd: 'x', roles: [] });
  await clearLeftovers([{ ...one, lease: heldLease }, other], {
    verification,
    olderThan: '00000000000000000000000002',
  });
  const left = await leftOn(cell, [one, other]);
  assert.deepEqual(
    left.map((found) => (found as { user?: string; _id: string }).user ?? (found as { _id: string })._id).toSorted(),
    [`tenure_bystander_${running}_1`, `tenure_canary_${running}_1`, `tenure_canary_${running}_1`],
  );
  await clearLeftovers([one, other], { verification: running, olderThan: '00000000000000000000000002' });
  assert.deepEqual(await leftOn(cell, [one, other]), []);
});
