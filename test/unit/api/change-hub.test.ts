import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createChangeHub } from '../../../api/watch/change-hub.ts';
import type { Follower } from '../../../api/watch/running-feed.ts';
import { TenureError } from '../../../domain/tenure-error.ts';
import type { Change, ChangeFeed, Position } from '../../../store/change-feed.ts';
import { until } from '../../harness/until.ts';

const at = (number: number): Position => String(number).padStart(6, '0');

/** A history that feeds read from where they are opened, as a change stream does. */
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
    /** Feeds that were opened at a position read no further than another. */
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
    told: (change) => seen.push(change.position) > 0,
    ended() {
      this.isEnded = true;
    },
  };
}

/** Takes as many as there is room for. */
function createSlowFollower() {
  const follower = {
    seen: [] as string[],
    isEnded: false,
    room: 0,
    told(change: Change): boolean {
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

describe('everybody who follows the changes', () => {
  it('is told of each once and in order, from one feed', async () => {
    const history = createHistory();
    const hub = hubOf(history);
    const [one, other] = [createFollower(), createFollower()];
    await hub.follow(undefined, 'alice', one);
    history.happen(1);
    await until('the first is told', () => one.seen.length === 1);
    await hub.follow(undefined, 'alice', other);
    history.happen(2);
    await until('both are told', () => one.seen.length === 2 && other.seen.length === 1);
    assert.deepEqual([one.seen, other.seen, history.opened.length], [[at(1), at(2)], [at(2)], 1]);
  });

  it('who comes back is told what was missed, from what is kept', async () => {
    const history = createHistory();
    const hub = hubOf(history);
    const [steady, back] = [createFollower(), createFollower()];
    await hub.follow(undefined, 'alice', steady);
    for (const number of [1, 2, 3]) history.happen(number);
    await until('all is told', () => steady.seen.length === 3);
    await hub.follow(at(1), 'alice', back);
    assert.deepEqual([back.seen, history.opened.length], [[at(2), at(3)], 1]);
  });

  it('who was away for longer is told too, and nobody else is told anything twice', async () => {
    const history = createHistory();
    for (const number of [1, 2, 3]) history.happen(number);
    const hub = hubOf(history);
    const [steady, back] = [createFollower(), createFollower()];
    await hub.follow(undefined, 'alice', steady);
    history.happen(4);
    await until('the steady one is told', () => steady.seen.length === 1);
    await hub.follow(at(1), 'alice', back);
    history.happen(5);
    await until('both are told of the last', () => steady.seen.length === 2 && back.seen.length === 4);
    assert.deepEqual(
      [steady.seen, back.seen],
      [
        [at(4), at(5)],
        [at(2), at(3), at(4), at(5)],
      ],
    );
    assert.deepEqual(history.opened, [undefined, at(1)]);
  });

  it('whoever comes back late, and however often, holds up nobody but those who are late too', async () => {
    const history = createHistory();
    for (let number = 1; number <= 9_000; number += 1) history.happen(number);
    const hub = hubOf(history, { maxFollowers: 100 });
    const late: ReturnType<typeof createFollower>[] = [];
    const steady = createFollower();
    const lateMeanwhile: number[] = [];
    await hub.follow(undefined, 'alice', {
      told(change) {
        lateMeanwhile.push(late.at(-1)?.seen.length ?? 0);
        return steady.told(change);
      },
      ended: () => undefined,
    });
    // Each as the one before has gone over a part.
    for (let round = 0; round < 5; round += 1) {
      const back = createFollower();
      late.push(back);
      await hub.follow(at(1), 'alice', back);
      history.happen(9_001 + round);
      await until('the steady one is told', () => steady.seen.length === round + 1);
    }
    assert.ok(
      lateMeanwhile.every((count) => count < 9_000),
      `told before the late ones have gone over all: ${lateMeanwhile.join(', ')}`,
    );
    const missed = Array.from({ length: 9_004 }, (_, index) => at(index + 2));
    for (const back of late) await until('the late ones have everything', () => back.seen.length === missed.length);
    for (const back of late) assert.deepEqual(back.seen, missed);
    assert.deepEqual(
      steady.seen,
      [1, 2, 3, 4, 5].map((number) => at(9_000 + number)),
    );
    history.happen(9_006);
    await until('all are told of what comes now', () =>
      [steady, ...late].every(({ seen }) => seen.at(-1) === at(9_006)),
    );
  });

  it('what is no longer known is refused, and nobody else is the worse for it', async () => {
    const history = createHistory();
    for (const number of [1, 2, 3]) history.happen(number);
    history.forget(3);
    const hub = hubOf(history);
    const steady = createFollower();
    await hub.follow(undefined, 'alice', steady);
    await assert.rejects(hub.follow(at(1), 'alice', createFollower()), { code: 'watch_expired' });
    history.happen(4);
    await until('the steady one is told', () => steady.seen.length === 1);
  });

  it('is let go when the feed is lost', async () => {
    const history = createHistory();
    const hub = hubOf(history);
    const follower = createFollower();
    await hub.follow(undefined, 'alice', follower);
    history.fail(new Error('gone'));
    await until('it is let go', () => follower.isEnded);
  });

  it('is not the worse for it when what others have missed is lost on the way', async () => {
    const history = createHistory();
    for (const number of [1, 2, 3, 4]) history.happen(number);
    history.lose(at(1), at(2));
    const hub = hubOf(history);
    const [steady, back] = [createFollower(), createFollower()];
    await hub.follow(undefined, 'alice', steady);
    await hub.follow(at(1), 'alice', back);
    await until('the late one is let go', () => back.isEnded);
    history.happen(5);
    await until('the steady one is told', () => steady.seen.length === 1);
    assert.deepEqual([back.seen, steady.isEnded], [[at(2)], false]);
  });

  it('is let go when the process stops, and no other is taken', async () => {
    const stopping = new AbortController();
    const hub = hubOf(createHistory(), { stopping: stopping.signal });
    const follower = createFollower();
    await hub.follow(undefined, 'alice', follower);
    stopping.abort();
    assert.equal(follower.isEnded, true);
    await assert.rejects(hub.follow(undefined, 'alice', createFollower()), { code: 'watch_unavailable' });
  });

  it('makes room for another when it leaves', async () => {
    const hub = hubOf(createHistory(), { maxFollowers: 1 });
    const { stop } = await hub.follow(undefined, 'alice', createFollower());
    await assert.rejects(hub.follow(undefined, 'alice', createFollower()), { code: 'watch_unavailable' });
    stop();
    await hub.follow(undefined, 'alice', createFollower());
  });

  it('can go on from where it is told that it is', async () => {
    const history = createHistory();
    const hub = hubOf(history);
    const follower = createFollower();
    const following = await hub.follow(undefined, 'alice', follower);
    assert.equal(following.position(), following.from);
    history.happen(1);
    await until('it is told', () => follower.seen.length === 1);
    assert.equal(following.position(), at(1));
  });

  it('who cannot take more now is told of it when it goes on, and nobody waits for it', async () => {
    const history = createHistory();
    const hub = hubOf(history);
    const [steady, slow] = [createFollower(), createSlowFollower()];
    await hub.follow(undefined, 'alice', steady);
    const { goOn, position } = await hub.follow(undefined, 'bob', slow);
    for (const number of [1, 2, 3]) history.happen(number);
    await until('the steady one is told', () => steady.seen.length === 3);
    assert.deepEqual([slow.seen, position()], [[], at(0)], 'it comes back for all of it');
    slow.room = 2;
    goOn();
    await until('as much is told as it takes', () => slow.seen.length === 2);
    history.happen(4);
    slow.room = 10;
    goOn();
    await until('all is told', () => slow.seen.length === 4);
    assert.deepEqual([slow.seen, history.opened], [[1, 2, 3, 4].map(at), [undefined]], 'from what is kept');
    history.happen(5);
    await until('it is told as the others are', () => slow.seen.length === 5);
  });

  it('who takes less than is kept goes over it once more, and is told of everything', async () => {
    const history = createHistory();
    const hub = hubOf(history);
    const slow = createSlowFollower();
    const { goOn } = await hub.follow(undefined, 'bob', slow);
    const steady = createFollower();
    await hub.follow(undefined, 'alice', steady);
    // Each of a quarter of what is kept.
    for (let number = 1; number <= 20; number += 1) history.happen(number, 1024 * 1024);
    await until('the steady one is told', () => steady.seen.length === 20);
    const all = Array.from({ length: 20 }, (_, index) => at(index + 1));
    await until('all is told, two at a time', () => {
      slow.room = 2;
      goOn();
      return slow.seen.length === 20;
    });
    assert.deepEqual(slow.seen, all);
    assert.deepEqual(history.opened.slice(0, 2), [undefined, at(0)]);
  });

  it('one caller that goes over what it has missed slowly keeps no other waiting', async () => {
    const history = createHistory();
    for (let number = 1; number <= 50; number += 1) history.happen(number);
    const hub = hubOf(history);
    const [slow, back] = [createSlowFollower(), createFollower()];
    slow.room = 1;
    await hub.follow(at(1), 'bob', slow);
    await hub.follow(at(2), 'alice', back);
    await until('the other has everything', () => back.seen.length === 48);
    assert.deepEqual([slow.seen, slow.isEnded], [[at(2)], false]);
  });

  it('many callers that come back late are all told, some at a time', async () => {
    const history = createHistory();
    for (let number = 1; number <= 20; number += 1) history.happen(number);
    const hub = hubOf(history, { maxFollowers: 100 });
    const late = Array.from({ length: 60 }, () => createFollower());
    await Promise.all(late.map((follower, index) => hub.follow(at(1), `caller-${index}`, follower)));
    for (const { seen } of late) await until('it has everything', () => seen.length === 19);
  });
});
