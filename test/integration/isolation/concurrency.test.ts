import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { Home } from '../../../engines/isolation/home.ts';
import { reconcile } from '../../../engines/isolation/reconcile.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { ensureBefore, inEveryMode, openCell, specWith, stepNames, steps } from './cell-fixture.ts';

const cell = openCell(attachToStack().mongod['eu-west-1']);
after(() => cell.close());

const attempts = 4;
const rounds = 3;
const collections = [
  {
    name: 'orders',
    jsonSchema: { required: ['sku'] },
    indexes: [
      { keys: [{ field: 'sku', order: 1 as const }], unique: true },
      { keys: [{ field: 'words', order: 'text' as const }] },
    ],
  },
  { name: 'events', indexes: [{ keys: [{ field: 'at', order: -1 as const }] }] },
  { name: 'carts' },
];

/** Creates everything that the step creates, but all of it wrong. */
const spoil: Readonly<Record<string, (home: Home) => Promise<unknown>>> = {
  async 'create-collections'(home) {
    const db = cell.inside(home);
    await db.createCollection('orders', { validator: { a: 1 } });
    await db.command({
      createIndexes: 'orders',
      indexes: [
        { key: { other: 1 }, name: 'sku_1' },
        { key: { other: 'text' }, name: 'words_text' },
      ],
    });
    await db.command({ createIndexes: 'events', indexes: [{ key: { other: 1 }, name: 'at_-1' }] });
  },
  async 'create-roles'(home) {
    for (const role of [home.layout.roles.readWrite, home.layout.roles.readOnly])
      await cell.root.db(home.layout.roles.database).command({ createRole: role, privileges: [], roles: [] });
  },
  async 'create-user'(home) {
    await cell.database(home).command({
      createUser: home.layout.user,
      pwd: 'x',
      roles: [],
      customData: { installation: home.installation, tenant: home.uid },
    });
  },
};

for (const { mode, name } of inEveryMode(stepNames.map((step) => ({ name: step })))) {
  describe(`${attempts} concurrent attempts at ${name} in mode ${mode}`, () => {
    const spec = specWith(collections, mode);
    for (const [from, arrange] of [
      ['nothing', undefined],
      ['everything wrong', spoil[name]],
    ] as const) {
      if (from !== 'nothing' && arrange === undefined) continue;
      test(`from ${from}`, async () => {
        for (let round = 0; round < rounds; round += 1) {
          const home = cell.home({ mode, spec });
          await ensureBefore(name, home);
          await arrange?.(home);
          await Promise.all(Array.from({ length: attempts }, () => steps[name].ensure(home)));
          // Each may have created its own user. The registry names one of them; the next attempt removes the others.
          if (name === 'create-user') await steps[name].ensure(home);
          if (name !== 'probe-isolation') assert.equal(await steps[name].observe(home), 'present');
        }
      });
    }
    test('undo', async () => {
      const home = cell.home({ mode, spec });
      await ensureBefore(name, home);
      await steps[name].ensure(home);
      await Promise.all(Array.from({ length: attempts }, () => steps[name].undo(home)));
      if (name !== 'claim-database' && name !== 'probe-isolation')
        assert.equal(await steps[name].observe(home), 'absent');
    });
  });
}

describe('what others change repeatedly', () => {
  async function mendsUntil(presentAfter: number): Promise<number> {
    let mended = 0;
    await reconcile(cell.home(), {
      observe: async () => mended,
      judge: (_home, found) => (found >= presentAfter ? 'present' : 'wrong'),
      repair: async () => {
        mended += 1;
      },
    });
    return mended;
  }

  test('is repaired up to five times; after that, reconcile fails', async () => {
    assert.equal(await mendsUntil(0), 0);
    assert.equal(await mendsUntil(5), 5);
    await assert.rejects(mendsUntil(6), {
      code: 'cell_unavailable',
      message: /is repeatedly changed by somebody else/,
    });
  });
});
