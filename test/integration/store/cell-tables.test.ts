import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as fc from 'fast-check';
import type { Transaction } from '../../../store/commit.ts';
import type { TenantDocument } from '../../../store/documents.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { anyEntry, insertDraft, openControlStore } from '../../harness/control-store.ts';
import type { ControlStore } from '../../harness/control-store.ts';

let opened: ControlStore;
const cells = ['cell-a', 'cell-b', 'cell-c'] as const;
before(async () => {
  opened = await openControlStore(attachToStack());
  for (const cell of cells) await opened.store.cells.observe(cell, 'one', { reachable: true });
});
after(() => opened.close());

/** The tables promised on each cell, as placement reads them. */
async function promised(): Promise<Record<string, number>> {
  return Object.fromEntries([...(await opened.store.cells.observations())].map(([cell, { tables }]) => [cell, tables]));
}

const placed = (cell: string) => ({ region: 'eu-west-1', cell, mode: 'dedicated' as const, database: 'd' });

function change(
  tenant: TenantDocument,
  make: (tx: Transaction, next: TenantDocument) => Promise<TenantDocument | undefined>,
): Promise<TenantDocument | undefined> {
  return opened.store.commit(async (tx) => ({
    result: await make(tx, { ...tenant, revision: tenant.revision + 1 }),
    entries: [anyEntry(tenant._id)],
  }));
}

const moves = fc.array(
  fc.record({
    tenant: fc.nat(4),
    cell: fc.constantFrom(...cells, undefined),
    tables: fc.integer({ min: 0, max: 50 }),
    removed: fc.boolean(),
  }),
  { maxLength: 30 },
);

test('the tables promised on a cell are the sum over its tenants, after every change and every recount', async () => {
  await fc.assert(
    fc.asyncProperty(moves, async (course) => {
      const start = await promised();
      const standing = new Map<number, TenantDocument>();
      for (const { tenant, cell, tables, removed } of course) {
        const current = standing.get(tenant) ?? (await insertDraft(opened.store, `t-${opened.store.newId()}`));
        const next = await change(current, async (tx, document) => {
          if (removed) {
            await opened.store.resources.remove(tx, current);
            return undefined;
          }
          return opened.store.resources.replace(tx, current.revision, {
            ...document,
            placement: cell === undefined ? null : placed(cell),
            tables,
          });
        });
        if (next === undefined) standing.delete(tenant);
        else standing.set(tenant, next);
      }
      const expected = { ...start };
      for (const { placement, tables } of standing.values())
        if (placement !== null) expected[placement.cell] = (expected[placement.cell] ?? 0) + tables;
      assert.deepEqual(await promised(), expected);
      await opened.another().prepare();
      assert.deepEqual(await promised(), expected);
    }),
    { numRuns: 15 },
  );
});

test('tenants that are placed at the same time, during a recount, are all counted', async () => {
  const start = await promised();
  const drafts = await Promise.all(
    Array.from({ length: 24 }, (_, index) => insertDraft(opened.store, `at-once-${index}`)),
  );
  const placing = drafts.map((draft) =>
    change(draft, (tx, document) =>
      opened.store.resources.replace(tx, draft.revision, { ...document, placement: placed('cell-a'), tables: 3 }),
    ),
  );
  await Promise.all([...placing, opened.another().prepare(), opened.another().prepare()]);
  assert.deepEqual(await promised(), { ...start, 'cell-a': (start['cell-a'] ?? 0) + 24 * 3 });
});

test('tenants of a build that counted no tables are counted when a process starts', async () => {
  const before = await promised();
  const { control, databases } = opened;
  await control.db(databases.control).collection('cellTables').drop();
  assert.equal((await promised())['cell-a'], 0);
  await opened.another().prepare();
  assert.deepEqual(await promised(), before);
});
