import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { test } from 'node:test';
import { createOperationWatch } from '../../../api/operation-watch.ts';
import { createQuota } from '../../../api/shares/quota.ts';
import { TenureError } from '../../../domain/tenure-error.ts';
import type { OperationDocument } from '../../../store/documents.ts';

/** A control database in which operations end when the test says so, and whose feed can be lost. */
function controlDatabase() {
  const ended = new Set<string>();
  const events = new EventEmitter();
  let opened = 0;
  return {
    /** `isTold`: whether the feed reports it too. */
    end(id: string, isTold: boolean): void {
      ended.add(id);
      if (isTold) events.emit('next', id);
    },
    loseFeed: () => events.emit('next', new TenureError('control_unavailable', 'the feed is lost')),
    opened: () => opened,
    operations: {
      finished: async (ids: readonly string[]) =>
        ids.filter((id) => ended.has(id)).map((_id) => ({ _id }) as OperationDocument),
    },
    async followEnded() {
      opened += 1;
      return {
        async next() {
          const [id] = (await Promise.race([
            once(events, 'next'),
            new Promise((resolve) => setTimeout(resolve, 50, [])),
          ])) as [unknown?];
          if (id instanceof Error) throw id;
          return id as string | undefined;
        },
        close: async () => undefined,
      };
    },
  };
}

function watchOf(control: ReturnType<typeof controlDatabase>) {
  const stopping = new AbortController();
  return {
    watch: createOperationWatch({ ...control, stopping: stopping.signal, waits: createQuota({ perCaller: 10 }) }),
    stop: () => stopping.abort(),
  };
}

test('a wait ends if the feed reports the end, if the end was before it, and if the feed missed the end', async () => {
  const control = controlDatabase();
  const { watch, stop } = watchOf(control);
  control.end('before', false);
  assert.equal((await watch.ended('before', 10_000, 'ann'))?._id, 'before');
  const told = watch.ended('told', 10_000, 'ann');
  const missed = watch.ended('missed', 10_000, 'ann');
  setImmediate(() => {
    control.end('told', true);
    control.end('missed', false);
  });
  assert.deepEqual([(await told)?._id, (await missed)?._id], ['told', 'missed']);
  assert.equal(control.opened(), 1);
  stop();
});

test('a lost feed is opened again, and no wait is forgotten', async () => {
  const control = controlDatabase();
  const { watch, stop } = watchOf(control);
  const waits = watch.ended('later', 10_000, 'ann');
  setImmediate(() => {
    control.loseFeed();
    control.end('later', false);
  });
  assert.equal((await waits)?._id, 'later');
  stop();
});

test('a wait ends without an answer when its time is up or the process stops, and releases its share', async () => {
  const control = controlDatabase();
  const { watch, stop } = watchOf(control);
  assert.equal(await watch.ended('never', 20, 'ann'), undefined);
  const waits = Array.from({ length: 10 }, (_, index) => watch.ended(`never-${index}`, 60_000, 'ann'));
  await assert.rejects(watch.ended('one more', 60_000, 'ann'), { code: 'too_many_requests' });
  stop();
  assert.deepEqual(
    await Promise.all(waits),
    Array.from({ length: 10 }, () => undefined),
  );
  assert.equal(await watch.ended('after', 60_000, 'ann'), undefined);
});
