import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createChangeHub } from '../../../api/watch/change-hub.ts';
import type { Follower } from '../../../api/watch/running-feed.ts';
import { TenureError } from '../../../domain/tenure-error.ts';
import type { Change, ChangeFeed } from '../../../store/change-feed.ts';
import type { Position } from '../../../store/open-stream.ts';
import { until } from '../../harness/until.ts';

const at = (number: number): Position => String(number).padStart(6, '0');

/** A history of changes. A feed reads it from the position at which it was opened, as a change stream does. */
function createHistory() {
  const changes: Change[] = [];
  const waiting = new Set<() => void>();
  const opened: (Position | undefined)[] = [];
  const lost = new Map<Position, Position>();
  let forgottenTo = at(0);
  let failure: Error | undefined;
  const wake = (): void => {
    for (const resume of waiting) resume();
    waiting.clear();
  };
  return {
    opened,
    happen(number: number, bytes = 100): void {
      changes.push({ kind: 'tenantGone', position: at(number), bytes, uid: String(number) });
      wake();
    },
    forget(number: number): void {
      forgottenTo = at(number);
    },
    fail(error: Error): void {
      failure = error;
      wake();
    },
    /** Makes feeds that were opened at `from` fail after `to`. */
    lose(from: Position, to: Position): void {
      lost.set(from, to);
    },
    async open(after?: Position): Promise<ChangeFeed> {
      opened.push(after);
      if (after !== undefined && after < forgottenTo) throw new TenureError('watch_expired', 'forgotten');
      let position = after ?? changes.at(-1)?.position ?? at(0);
      let closed = false;
      return {
        start: position,
        async next() {
          for (;;) {
            if (failure !== undefined) throw failure;
            const change = changes.find((candidate) => candidate.position > position);
            if (closed || change === undefined) {
              if (closed) throw new Error('closed');
              await new Promise<void>((resolve) => waiting.add(resolve));
              continue;
            }
            if (change.position > (lost.get(after ?? '') ?? change.position)) throw new Error('lost');
            position = change.position;
            return { change, position };
          }
        },
        async close() {
          closed = true;
          wake();
        },
      };
    },
  };
}

function createFollower(): Follower & { readonly seen: string[]; isEnded: boolean } {
  const seen: string[] = [];
  return {
    seen,
    isEnded: false,
    take: (change) => seen.push(change.position) > 0,
    ended() {
      this.isEnded = true;
    },
  };
}

/** Takes as many changes as it has room for. */
function createSlowFollower() {
  const follower = {
    seen: [] as string[],
    isEnded: false,
    room: 0,
    take(change: Change): boolean {
      if (follower.room === 0) return false;
      follower.room -= 1;
      follower.seen.push(change.position);
      return true;
    },
    ended(): void {
      follower.isEnded = true;
    },
  };
  return follower;
}

const quiet = { warn: () => undefined };
const hubOf = (
  history: ReturnType<typeof createHistory>,
  options: { readonly maxFollowers?: number; readonly stopping?: AbortSignal } = {},
) =>
  createChangeHub({
    open: history.open,
    maxFollowers: options.maxFollowers ?? 10,
    logger: quiet,
    stopping: options.stopping ?? new AbortController().signal,
  });

describe('a follower of changes', () => {
  it('gets each change once and in order, from one feed for all followers', async () => {
    const history = createHistory();
    const hub = hubOf(history);
    const [one, other] = [createFollower(), createFollower()];
    await hub.follow(undefined, 'alice', one);
    history.happen(1);
    await until('the first follower has the change', () => one.seen.length === 1);
    await hub.follow(undefined, 'alice', other);
    history.happen(2);
    await until('both followers have the change', () => one.seen.length === 2 && other.seen.length === 1);
    assert.deepEqual([one.seen, other.seen, history.opened.length], [[at(1), at(2)], [at(2)], 1]);
  });

  it('gets missed changes from the kept ones when it reconnects', async () => {
    const history = createHistory();
    const hub = hubOf(history);
    const [steady, back] = [createFollower(), createFollower()];
    await hub.follow(undefined, 'alice', steady);
    for (const number of [1, 2, 3]) history.happen(number);
    await until('the steady follower has all changes', () => steady.seen.length === 3);
    await hub.follow(at(1), 'alice', back);
    assert.deepEqual([back.seen, history.opened.length], [[at(2), at(3)], 1]);
  });

  it('gets missed changes that are not kept, and no other follower gets a change twice', async () => {
    const history = createHistory();
    for (const number of [1, 2, 3]) history.happen(number);
    const hub = hubOf(history);
    const [steady, back] = [createFollower(), createFollower()];
    await hub.follow(undefined, 'alice', steady);
    history.happen(4);
    await until('the steady follower has the change', () => steady.seen.length === 1);
    await hub.follow(at(1), 'alice', back);
    history.happen(5);
    await until('both followers have the last change', () => steady.seen.length === 2 && back.seen.length === 4);
    assert.deepEqual(
      [steady.seen, back.seen],
      [
        [at(4), at(5)],
        [at(2), at(3), at(4), at(5)],
      ],
    );
    assert.deepEqual(history.opened, [undefined, at(1)]);
  });

  it('delays only other late followers while it catches up, however many catch up', async () => {
    const history = createHistory();
    for (let number = 1; number <= 9_000; number += 1) history.happen(number);
    const hub = hubOf(history, { maxFollowers: 100 });
    const late: ReturnType<typeof createFollower>[] = [];
    const steady = createFollower();
    const lateMeanwhile: number[] = [];
    await hub.follow(undefined, 'alice', {
      take(change) {
        lateMeanwhile.push(late.at(-1)?.seen.length ?? 0);
        return steady.take(change);
      },
      ended: () => undefined,
    });
    // Each one starts when the one before has received a part.
    for (let round = 0; round < 5; round += 1) {
      const back = createFollower();
      late.push(back);
      await hub.follow(at(1), 'alice', back);
      history.happen(9_001 + round);
      await until('the steady follower has the change', () => steady.seen.length === round + 1);
    }
    assert.ok(
      lateMeanwhile.every((count) => count < 9_000),
      `the steady follower must not wait for the late ones: ${lateMeanwhile.join(', ')}`,
    );
    const missed = Array.from({ length: 9_004 }, (_, index) => at(index + 2));
    for (const back of late) await until('the late ones have everything', () => back.seen.length === missed.length);
    for (const back of late) assert.deepEqual(back.seen, missed);
    assert.deepEqual(
      steady.seen,
      [1, 2, 3, 4, 5].map((number) => at(9_000 + number)),
    );
    history.happen(9_006);
    await until('all have the new change', () => [steady, ...late].every(({ seen }) => seen.at(-1) === at(9_006)));
  });

  it('is refused if its missed changes are no longer known, which does not affect other followers', async () => {
    const history = createHistory();
    for (const number of [1, 2, 3]) history.happen(number);
    history.forget(3);
    const hub = hubOf(history);
    const steady = createFollower();
    await hub.follow(undefined, 'alice', steady);
    await assert.rejects(hub.follow(at(1), 'alice', createFollower()), { code: 'watch_expired' });
    history.happen(4);
    await until('the steady follower has the change', () => steady.seen.length === 1);
  });

  it('is ended when the feed is lost', async () => {
    const history = createHistory();
    const hub = hubOf(history);
    const follower = createFollower();
    await hub.follow(undefined, 'alice', follower);
    history.fail(new Error('gone'));
    await until('the follower is ended', () => follower.isEnded);
  });

  it('is not affected when another follower loses the feed with its missed changes', async () => {
    const history = createHistory();
    for (const number of [1, 2, 3, 4]) history.happen(number);
    history.lose(at(1), at(2));
    const hub = hubOf(history);
    const [steady, back] = [createFollower(), createFollower()];
    await hub.follow(undefined, 'alice', steady);
    await hub.follow(at(1), 'alice', back);
    await until('the late follower is ended', () => back.isEnded);
    history.happen(5);
    await until('the steady follower has the change', () => steady.seen.length === 1);
    assert.deepEqual([back.seen, steady.isEnded], [[at(2)], false]);
  });

  it('is ended when the process stops, and no other one is accepted', async () => {
    const stopping = new AbortController();
    const hub = hubOf(createHistory(), { stopping: stopping.signal });
    const follower = createFollower();
    await hub.follow(undefined, 'alice', follower);
    stopping.abort();
    assert.equal(follower.isEnded, true);
    await assert.rejects(hub.follow(undefined, 'alice', createFollower()), { code: 'watch_unavailable' });
  });

  it('makes room for another one when it stops', async () => {
    const hub = hubOf(createHistory(), { maxFollowers: 1 });
    const { stop } = await hub.follow(undefined, 'alice', createFollower());
    await assert.rejects(hub.follow(undefined, 'alice', createFollower()), { code: 'watch_unavailable' });
    stop();
    await hub.follow(undefined, 'alice', createFollower());
  });

  it('knows the position from which it can resume', async () => {
    const history = createHistory();
    const hub = hubOf(history);
    const follower = createFollower();
    const following = await hub.follow(undefined, 'alice', follower);
    assert.equal(following.position(), following.from);
    history.happen(1);
    await until('the follower has the change', () => follower.seen.length === 1);
    assert.equal(following.position(), at(1));
  });

  it('without room for more gets the changes when it continues, and no other follower waits for it', async () => {
    const history = createHistory();
    const hub = hubOf(history);
    const [steady, slow] = [createFollower(), createSlowFollower()];
    await hub.follow(undefined, 'alice', steady);
    const { resume, position } = await hub.follow(undefined, 'bob', slow);
    for (const number of [1, 2, 3]) history.happen(number);
    await until('the steady follower has the change', () => steady.seen.length === 3);
    assert.deepEqual([slow.seen, position()], [[], at(0)], 'its position is before all changes that it has not taken');
    slow.room = 2;
    resume();
    await until('the slow follower has as much as it has room for', () => slow.seen.length === 2);
    history.happen(4);
    slow.room = 10;
    resume();
    await until('the slow follower has all changes', () => slow.seen.length === 4);
    assert.deepEqual([slow.seen, history.opened], [[1, 2, 3, 4].map(at), [undefined]], 'from the kept changes');
    history.happen(5);
    await until('the slow follower has the new change', () => slow.seen.length === 5);
  });

  it('gets everything from a second feed if it falls behind the kept changes', async () => {
    const history = createHistory();
    const hub = hubOf(history);
    const slow = createSlowFollower();
    const { resume } = await hub.follow(undefined, 'bob', slow);
    const steady = createFollower();
    await hub.follow(undefined, 'alice', steady);
    // Each takes a quarter of the space for kept changes.
    for (let number = 1; number <= 20; number += 1) history.happen(number, 1024 * 1024);
    await until('the steady follower has the change', () => steady.seen.length === 20);
    const all = Array.from({ length: 20 }, (_, index) => at(index + 1));
    await until('the slow follower has all changes, two at a time', () => {
      slow.room = 2;
      resume();
      return slow.seen.length === 20;
    });
    assert.deepEqual(slow.seen, all);
    assert.deepEqual(history.opened.slice(0, 2), [undefined, at(0)]);
  });

  it('does not wait for another caller that catches up slowly', async () => {
    const history = createHistory();
    for (let number = 1; number <= 50; number += 1) history.happen(number);
    const hub = hubOf(history);
    const [slow, back] = [createSlowFollower(), createFollower()];
    slow.room = 1;
    await hub.follow(at(1), 'bob', slow);
    await hub.follow(at(2), 'alice', back);
    await until('the other follower has everything', () => back.seen.length === 48);
    assert.deepEqual([slow.seen, slow.isEnded], [[at(2)], false]);
  });

  it('gets its missed changes also if more callers catch up than may at one time', async () => {
    const history = createHistory();
    for (let number = 1; number <= 20; number += 1) history.happen(number);
    const hub = hubOf(history, { maxFollowers: 100 });
    const late = Array.from({ length: 60 }, () => createFollower());
    await Promise.all(late.map((follower, index) => hub.follow(at(1), `caller-${index}`, follower)));
    for (const { seen } of late) await until('the follower has everything', () => seen.length === 19);
  });
});
