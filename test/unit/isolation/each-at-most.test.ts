import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eachAtMost } from '../../../engines/isolation/drift/each-at-most.ts';

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('does the work for every item, never for more than the limit at one time', async () => {
  const items = Array.from({ length: 50 }, (_, index) => index);
  const done: number[] = [];
  let atWork = 0;
  let most = 0;
  await eachAtMost(7, items, async (item) => {
    most = Math.max(most, (atWork += 1));
    await tick();
    atWork -= 1;
    done.push(item);
  });
  assert.deepEqual([done.toSorted((a, b) => a - b), most], [items, 7]);
});

test('begins nothing more after the first failure, throws that, and nothing is at work any more then', async () => {
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
    eachAtMost(
      3,
      Array.from({ length: 50 }, (_, index) => index),
      work,
    ),
    { message: 'item 1' },
  );
  assert.equal(atWork, 0);
  assert.deepEqual(begun, [0, 1, 2]);
});
