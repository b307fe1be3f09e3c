import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createQuota } from '../../../api/shares/quota.ts';
import { createShares, takeShare } from '../../../api/shares/shares.ts';
import { createFairQueue } from '../../../api/shares/fair-queue.ts';

describe('a quota', () => {
  it('limits each caller to its share, and all callers together to the total', () => {
    const quota = createQuota({ perCaller: 2, total: 3 });
    const first = quota.take('a');
    assert.ok(first !== undefined && quota.take('a') !== undefined);
    assert.equal(quota.take('a'), undefined);
    assert.ok(quota.take('b') !== undefined);
    assert.equal(quota.take('b'), undefined, 'nothing is left');
    first();
    assert.ok(quota.take('b') !== undefined);
  });

  it('releases a taken share only once', () => {
    const quota = createQuota({ perCaller: 2 });
    const [first] = [quota.take('a'), quota.take('a')];
    first?.();
    first?.();
    assert.ok(quota.take('a') !== undefined);
    assert.equal(quota.take('a'), undefined);
  });

  it('counts amounts', () => {
    const quota = createQuota({ perCaller: 10 });
    assert.equal(quota.take('a', 11), undefined);
    assert.ok(quota.take('a', 6) !== undefined);
    assert.equal(quota.take('a', 5), undefined);
    assert.ok(quota.take('a', 4) !== undefined);
  });
});

describe('turns', () => {
  /** Keeps the names of the admitted requests, in order. */
  function createHall(limits: Parameters<typeof createFairQueue>[0]) {
    const turns = createFairQueue(limits);
    const inside: string[] = [];
    const leave = new Map<string, () => void>();
    const come = (name: string, caller: string, amount?: number): void => {
      void turns.next(caller, amount).then((done) => {
        inside.push(name);
        leave.set(name, done);
      });
    };
    return { inside, come, leave: (name: string) => leave.get(name)?.(), settled: () => new Promise(setImmediate) };
  }

  it('come in order, and a caller that holds its whole share delays only its own requests', async () => {
    const { inside, come, leave, settled } = createHall({ perCaller: 1, total: 2 });
    for (const name of ['a1', 'a2', 'a3']) come(name, 'a');
    come('b1', 'b');
    await settled();
    assert.deepEqual(inside, ['a1', 'b1']);
    leave('a1');
    await settled();
    assert.deepEqual(inside, ['a1', 'b1', 'a2']);
    leave('b1');
    leave('a2');
    await settled();
    assert.deepEqual(inside, ['a1', 'b1', 'a2', 'a3']);
  });

  it('are not overtaken by a smaller request of the same caller', async () => {
    const { inside, come, leave, settled } = createHall({ perCaller: 10 });
    come('eight', 'a', 8);
    come('nine', 'a', 9);
    come('one', 'a', 1);
    await settled();
    assert.deepEqual(inside, ['eight']);
    leave('eight');
    await settled();
    assert.deepEqual(inside, ['eight', 'nine', 'one']);
  });

  it('come first to the caller that holds least, however many requests of others wait', async () => {
    const { inside, come, leave, settled } = createHall({ perCaller: 2, total: 2 });
    for (let index = 0; index < 20; index += 1) come(`a${index}`, 'a');
    come('b', 'b');
    await settled();
    leave('a0');
    await settled();
    assert.deepEqual(inside, ['a0', 'a1', 'b']);
  });

  it('skip a request whose caller is gone', async () => {
    const turns = createFairQueue({ perCaller: 1 });
    const first = await turns.next('a');
    const gone = new AbortController();
    const left = turns.next('a', 1, gone.signal);
    const last = turns.next('a');
    gone.abort();
    first();
    await Promise.all([left, last]);
  });

  it('come also to a request that is larger than a share', async () => {
    const { inside, come, settled } = createHall({ perCaller: 10 });
    come('huge', 'a', 100);
    await settled();
    assert.deepEqual(inside, ['huge']);
  });
});

it('a request beyond the share of its caller is refused', () => {
  const { waits } = createShares({ requestsPerCaller: 1, watchesPerCaller: 1, waitsPerCaller: 1 });
  const giveBack = takeShare(waits, 'a', 'waits');
  assert.throws(() => takeShare(waits, 'a', 'waits'), { code: 'too_many_requests' });
  takeShare(waits, 'b', 'waits');
  giveBack();
  takeShare(waits, 'a', 'waits');
});
