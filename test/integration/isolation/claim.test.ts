import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { Document } from 'mongodb';
import { claimHome } from '../../../engines/isolation/parts/claim.ts';
import type { Home } from '../../../engines/isolation/home.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { beforeCommand, changing, inEveryMode, modes, newId, openCell, stepNames, steps } from './cell-fixture.ts';

const cell = openCell(attachToStack().mongod['eu-west-1']);
after(() => cell.close());

interface StartingPoint {
  readonly from: string;
  readonly arrange?: (home: Home) => Promise<unknown>;
}

/** Whether a home has no claim, and nothing in any of its databases. */
function emptied({ claim, ...databases }: Document): boolean {
  return (
    Object.keys(claim as object).length === 0 &&
    Object.values(databases as Record<string, Record<string, object>>).every((found) =>
      Object.values(found).every((one) => Object.keys(one).length === 0),
    )
  );
}

describe('ensure creates or finds the claim', () => {
  const earlier = newId();
  const cases: readonly (StartingPoint & { readonly observed: string })[] = [
    { from: 'no claim', observed: 'absent' },
    { from: 'a claim of this operation', arrange: (home) => cell.insertClaim(home), observed: 'present' },
    {
      from: 'a claim of an earlier operation of the tenant',
      arrange: (home) => cell.insertClaim(home, { operationId: earlier }),
      observed: 'present',
    },
    {
      from: 'a claim and a collection created under it',
      arrange: async (home) => {
        await cell.insertClaim(home);
        await cell.inside(home).createCollection('orders');
      },
      observed: 'present',
    },
  ];
  for (const { mode, from, arrange, observed } of inEveryMode(cases)) {
    test(`from ${from} in mode ${mode}`, async () => {
      const home = cell.home({ mode });
      await arrange?.(home);
      assert.equal(await claimHome.observe(home), observed);
      await claimHome.ensure(home);
      await claimHome.ensure(home);
      assert.equal(await claimHome.observe(home), 'present');
      const { createTime, ...claim } = (await cell.claim(home)) ?? {};
      assert.ok(createTime instanceof Date);
      assert.deepEqual(claim, {
        _id: home.layout.claim,
        installation: home.installation,
        tenant: home.uid,
        operationId: home.operationId,
      });
    });
  }
});

describe('ensure refuses what belongs to another and leaves it unchanged', () => {
  const cases: readonly (Required<StartingPoint> & { readonly message: RegExp })[] = [
    {
      from: 'a declared collection without a claim',
      arrange: (home) => cell.inside(home).createCollection('events'),
      message: /exists and was not created by this installation: it has "events/,
    },
    {
      from: 'another collection without a claim',
      arrange: (home) => cell.inside(home).createCollection('theirs'),
      message: /exists and was not created/,
    },
    {
      from: 'a user without a claim',
      arrange: (home) => cell.database(home).command({ createUser: home.layout.user, pwd: 'x', roles: [] }),
      message: /exists and was not created/,
    },
    {
      from: 'a role without a claim',
      arrange: ({ layout }) =>
        cell.root.db(layout.roles.database).command({ createRole: layout.roles.readOnly, privileges: [], roles: [] }),
      message: /exists and was not created/,
    },
    {
      from: 'a view without a claim',
      arrange: (home) => cell.inside(home).createCollection('seen', { viewOn: 'nothing', pipeline: [] }),
      message: /exists and was not created/,
    },
    {
      from: 'a claim of another installation',
      arrange: (home) => cell.insertClaim(home, { installation: 'elsewhere' }),
      message: /of installation "elsewhere"/,
    },
    {
      from: 'a claim for another tenant',
      arrange: (home) => cell.insertClaim(home, { tenant: '01aaaaaaaaaaaaaaaaaaaaaaaa' }),
      message: /tenant 01aaaaaaaaaaaaaaaaaaaaaaaa/,
    },
  ];
  for (const { mode, from, arrange, message } of inEveryMode(cases)) {
    test(`${from} in mode ${mode}`, async () => {
      const home = cell.home({ mode });
      await arrange(home);
      const before = await cell.snapshot(home);
      await assert.rejects(claimHome.observe(home), { code: 'owned_by_another', message });
      await assert.rejects(claimHome.ensure(home), { code: 'owned_by_another', message });
      await claimHome.undo(home);
      assert.deepEqual(await cell.snapshot(home), before);
    });
  }
});

describe('in the tenant’s own database, any existing object is refused', () => {
  for (const mode of ['dedicated', 'hybrid'] as const) {
    for (const [from, command] of [
      ['a user', { createUser: 'theirs', pwd: 'x', roles: [] }],
      ['a role', { createRole: 'theirs', privileges: [], roles: [] }],
    ] as const) {
      test(`${from} with any name in mode ${mode}`, async () => {
        const home = cell.home({ mode });
        await cell.database(home).command(command);
        await assert.rejects(claimHome.ensure(home), { code: 'owned_by_another', message: /it has "theirs"/ });
      });
    }
  }
});

test('a tenant ignores collections in the pool whose names do not end with its uid', async () => {
  const [other, home] = [cell.home({ mode: 'schema' }), cell.home({ mode: 'schema' })];
  for (const name of ['orders', `orders_${home.uid}_`, `${home.uid}_orders`])
    await cell.inside(other).createCollection(name);
  await claimHome.ensure(home);
});

describe('what a late command created after its operation was undone', () => {
  const undone = async (mode: Home['mode']): Promise<Home> => {
    const home = cell.home({ mode });
    for (const name of stepNames) await steps[name].ensure(home);
    for (const name of stepNames.toReversed()) await steps[name].undo(home);
    return home;
  };
  const again = (home: Home): Home => changing(home, {});
  const late: readonly Required<StartingPoint>[] = [
    { from: 'a collection', arrange: (home) => cell.inside(home).createCollection('orders', { validator: { a: 1 } }) },
    {
      from: 'the indexes of a collection',
      arrange: (home) =>
        cell
          .inside(home)
          .command({ createIndexes: 'events', indexes: [{ key: { at: -1, kind: 1 }, name: 'at_-1_kind_1' }] }),
    },
    {
      from: 'a role',
      arrange: ({ layout }) =>
        cell.root.db(layout.roles.database).command({ createRole: layout.roles.readWrite, privileges: [], roles: [] }),
    },
    {
      from: 'a user',
      arrange: ({ layout, uid, installation }) =>
        cell.root
          .db(layout.database)
          .command({ createUser: `tenant_${uid}_0`, pwd: 'x', roles: [], customData: { installation, tenant: uid } }),
    },
    { from: 'the claim', arrange: (home) => cell.insertClaim(home) },
  ];
  for (const { mode, from, arrange } of inEveryMode(late)) {
    test(`${from} in mode ${mode}: the next activation succeeds, and its undo removes everything`, async () => {
      const home = await undone(mode);
      await arrange(home);
      const next = again(home);
      for (const name of stepNames) await steps[name].ensure(next);
      for (const name of stepNames.slice(0, -1)) assert.equal(await steps[name].observe(next), 'present');
      for (const name of stepNames.toReversed()) await steps[name].undo(next);
      const left = await cell.snapshot(next);
      assert.ok(emptied(left), JSON.stringify(left));
    });
  }

  for (const mode of modes) {
    test(`a collection that contains a document is refused in mode ${mode}`, async () => {
      const home = await undone(mode);
      await cell.inside(home).collection('orders').insertOne({ sku: 'theirs' });
      await assert.rejects(claimHome.ensure(again(home)), { code: 'owned_by_another', message: /it has "orders/ });
    });
  }
});

test('undo drops only the collection that it found, not a later one with the same name', async () => {
  const home = cell.home();
  for (const name of stepNames) await steps[name].ensure(home);
  let remade = false;
  await steps['create-collections'].undo(
    beforeCommand(home, 'drop', async () => {
      if (remade) return;
      remade = true;
      await cell.collection(home, 'orders').drop();
      await cell.collection(home, 'orders').insertOne({ sku: 'acknowledged' });
    }),
  );
  assert.equal(await cell.collection(home, 'orders').countDocuments(), 1);
});

describe('a race for the claim', () => {
  test('if another installation wins, ensure is refused and the other claim stays', async () => {
    const home = cell.home();
    await assert.rejects(
      claimHome.ensure(beforeCommand(home, 'insert', () => cell.insertClaim(home, { installation: 'elsewhere' }))),
      { code: 'owned_by_another', message: /"elsewhere"/ },
    );
    assert.equal((await cell.claim(home))?.installation, 'elsewhere');
  });

  test('if another operation of the tenant wins, ensure takes over its claim', async () => {
    const home = cell.home();
    const other = newId();
    await claimHome.ensure(beforeCommand(home, 'insert', () => cell.insertClaim(home, { operationId: other })));
    assert.equal((await cell.claim(home))?.operationId, home.operationId);
  });
});

describe('undo releases only the claim of the same operation', () => {
  const cases: readonly (StartingPoint & { readonly stays: boolean })[] = [
    { from: 'nothing', stays: false },
    { from: 'the claim of this operation', arrange: (home) => cell.insertClaim(home), stays: false },
    {
      from: 'the claim of another operation',
      arrange: (home) => cell.insertClaim(home, { operationId: newId() }),
      stays: true,
    },
    {
      from: 'the claim of another installation',
      arrange: (home) => cell.insertClaim(home, { installation: 'elsewhere' }),
      stays: true,
    },
    {
      from: 'the claim for another tenant',
      arrange: (home) => cell.insertClaim(home, { tenant: newId() }),
      stays: true,
    },
  ];
  for (const { mode, from, arrange, stays } of inEveryMode(cases)) {
    test(`${from} in mode ${mode}`, async () => {
      const home = cell.home({ mode });
      await arrange?.(home);
      const before = await cell.claim(home);
      await claimHome.undo(home);
      await claimHome.undo(home);
      assert.deepEqual(await cell.claim(home), stays ? before : null);
    });
  }
});
