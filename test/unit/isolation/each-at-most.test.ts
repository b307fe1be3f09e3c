import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachConcurrent } from '../../../platform/each-at-most.ts';

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('does the work for every item, and never for more items at a time than the limit', async () => {
  const items = Array.from({ length: 50 }, (_, index) => index);
  const done: number[] = [];
  let atWork = 0;
  let most = 0;
  await forEachConcurrent(7, items, async (item) => {
    most = Math.max(most, (atWork += 1));
    await tick();
    atWork -= 1;
    done.push(item);
  });
  assert.deepEqual([done.toSorted((a, b) => a - b), most], [items, 7]);
});

test('starts nothing after the first failure, and throws that failure when all running work has ended', async () => {
  const begun: number[] = [];
  let atWork = 0;
  const work = async (item: number): Promise<void> => {
    begun.push(item);
    atWork += 1;
    await tick();
    if (item !== 1) await tick();
    atWork -= 1;
    if (item >= 1) throw new Error(`item ${item}`);
  };
  await assert.rejects(
    forEachConcurrent(
      3,
      Array.from({ length: 50 }, (_, index) => index),
      work,
    ),
    { message: 'item 1' },
  );
  assert.equal(atWork, 0);
  assert.deepEqual(begun, [0, 1, 2]);
});
