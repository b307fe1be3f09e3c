import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { OperationKind } from '../../../contracts/lifecycle.ts';
import type { BrakeDocument } from '../../../store/documents.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { anyEntry, openControlStore } from '../../harness/control-store.ts';
import type { ControlStore } from '../../harness/control-store.ts';

let open: ControlStore;
before(async () => {
  open = await openControlStore(attachToStack());
});
after(() => open.close());

const windowMs = 10 * 60_000;

/** Counts this many changes, all accepted at this time; returns the last count. */
function countAt(kind: OperationKind, time: Date, times = 1): Promise<number> {
  return open.store.commit(async (tx) => {
    let count = 0;
    for (let index = 0; index < times; index += 1)
      count = await open.store.brakes.count({ ...tx, time }, kind, windowMs);
    return { result: count, entries: [anyEntry(open.store.newId())] };
  });
}

const brakes = () => open.control.db(open.databases.control).collection<BrakeDocument>('brakes');

test('changes that an older build counted one by one, even 10,000, count until they leave the window', async () => {
  const now = new Date();
  await brakes().insertOne({ _id: 'suspend', times: Array.from({ length: 10_000 }, () => now) });
  assert.equal(await countAt('suspend', now), 10_001);
  assert.equal(await countAt('suspend', now, 3), 10_004);
  assert.equal(await countAt('suspend', new Date(now.getTime() + 2 * windowMs)), 1);
  assert.equal(Object.hasOwn((await brakes().findOne({ _id: 'suspend' })) ?? {}, 'times'), false);
});

test('the document stays small no matter how many changes are counted', async () => {
  const start = Date.now();
  for (let part = 0; part <= 80; part += 1) await countAt('delete', new Date(start + (part * windowMs) / 60), 2);
  const stored = await brakes().findOne({ _id: 'delete' });
  assert.ok((stored?.slots?.length ?? 0) <= 62, String(stored?.slots?.length));
});

test('only changes within the window count; at its edge the count may be too high, but not too low', async () => {
  const start = Math.floor(Date.now() / windowMs) * windowMs;
  assert.equal(await countAt('purge', new Date(start), 5), 5);
  assert.equal(await countAt('purge', new Date(start + windowMs / 2), 2), 7);
  assert.equal(await countAt('purge', new Date(start + windowMs - 1)), 8);
  assert.equal(await countAt('purge', new Date(start + windowMs + windowMs / 60)), 4);
});
