import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { leafHash } from '../../../contracts/log/merkle-tree.ts';
import { startSequencer } from '../../../engines/ledger/sequencer.ts';
import type { Sequencer } from '../../../engines/ledger/sequencer.ts';
import type { Logger } from '../../../platform/logging.ts';
import { createMetrics } from '../../../platform/metrics.ts';
import type { LogPosition } from '../../../store/log.ts';
import type { Store } from '../../../store/store.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { anyEntry, openControlStore } from '../../harness/control-store.ts';
import type { ControlStore } from '../../harness/control-store.ts';
import { assertLogComplete } from '../../harness/log-check.ts';
import { until } from '../../harness/until.ts';

let opened: ControlStore;
before(async () => {
  opened = await openControlStore(attachToStack());
});
after(() => opened.close());

const ignore = (): void => undefined;
const quiet: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

function sequencer(holder: string, store: Store = opened.store, logger: Logger = quiet): Sequencer {
  return startSequencer({
    log: store.log,
    committed: store.committedEntries,
    clock: store.clock,
    holder,
    failpoints: { reach: async () => undefined },
    logger,
    metrics: createMetrics('worker'),
  });
}

const heads = () => opened.control.db(opened.databases.control).collection('log_head');

const commit = (tenant: string, count = 1): Promise<unknown> =>
  opened.store.commit(async () => ({
    result: undefined,
    entries: Array.from({ length: count }, () => anyEntry(tenant)) as [ReturnType<typeof anyEntry>],
  }));

async function untilSequenced(count: number): Promise<void> {
  await until(`${count} entries are sequenced`, async () => (await opened.store.log.size()) >= count);
}

test('entries that were committed before the first sequencer are sequenced, then those that follow, one after the other', async () => {
  const [one, other] = [opened.store.newId(), opened.store.newId()];
  for (let turn = 0; turn < 3; turn += 1) await Promise.all([commit(one, 2), commit(other)]);
  const running = sequencer('first');
  try {
    await untilSequenced(9);
    for (let turn = 0; turn < 20; turn += 1) await Promise.all([commit(one), commit(other, 30)]);
    await untilSequenced(629);
    await assertLogComplete(opened);
  } finally {
    await running.stop();
  }
});

test('of several sequencers one works, and when it stops, another continues without a gap', async () => {
  const before = await opened.store.log.size();
  const tenants = Array.from({ length: 5 }, () => opened.store.newId());
  const running = ['a', 'b', 'c'].map((holder) => sequencer(holder, opened.another()));
  let committed = 0;
  const writing = Promise.all(
    tenants.map(async (tenant) => {
      for (let turn = 0; turn < 40; turn += 1) {
        await commit(tenant);
        committed += 1;
      }
    }),
  );
  try {
    while (running.length > 1) {
      const size = await opened.store.log.size();
      await untilSequenced(size + 1);
      await running.shift()!.stop();
    }
    await writing;
    await untilSequenced(before + committed);
    await assertLogComplete(opened);
  } finally {
    await Promise.all(running.map((one) => one.stop()));
  }
});

test('a sequencer that was suspended is refused when it wakes up', async () => {
  const { log } = opened.store;
  const first = await log.takeOver('suspended', 1);
  assert.ok(first !== undefined);
  const second = await until('its lease has ended', () => log.takeOver('next', 60_000));
  assert.ok(second.lease.fence > first.lease.fence);
  assert.equal(await log.takeOver('third', 60_000), undefined);
  await assert.rejects(log.record(first.lease, first.head, 60_000), { code: 'fenced' });
  const at = (index: number, entry: string, sequence: number): LogPosition => ({
    index,
    entry,
    tenant: null,
    sequence,
    event: null,
    events: 0,
    time: new Date(0),
    leaf: Buffer.from(entry),
    hash: leafHash(Buffer.from(entry)),
  });
  const size = await log.size();
  // Whoever wants a place that is taken, or to place an entry that has one, adds nothing.
  const [last] = await log.positions(size - 1, 1);
  await assert.rejects(log.append([at(size - 1, 'late', 1_000), at(size, 'later', 1_001)]), { code: 'fenced' });
  await assert.rejects(log.append([at(size, last!.entry, 1_000), at(size + 1, 'later', 1_001)]), { code: 'fenced' });
  assert.equal(await log.size(), size);
  await log.release(second.lease);
});

test('when mongod no longer has the position, nothing is missed and nothing is sequenced twice', async () => {
  const tenant = opened.store.newId();
  const [size, head] = [await opened.store.log.size(), await opened.store.log.head()];
  await commit(tenant, 2);
  // A resume token begins with a type and the seconds of its time.
  const longAgo = `8200000001${head.readTo!.slice(10)}`;
  await heads().updateOne({}, { $set: { readTo: longAgo } });
  const running = sequencer('after-loss');
  try {
    await untilSequenced(size + 2);
    await commit(tenant, 2);
    await untilSequenced(size + 4);
    await assertLogComplete(opened);
  } finally {
    await running.stop();
  }
});

test('a log that somebody changed is not extended', async () => {
  const size = await opened.store.log.size();
  const positions = opened.control.db(opened.databases.control).collection('log_positions');
  const last = await positions.findOne({ _id: (size - 1) as never });
  await positions.deleteOne({ _id: (size - 1) as never });
  await commit(opened.store.newId());
  const refused: unknown[] = [];
  const listening: Logger = { ...quiet, error: (_message, fields) => void refused.push(fields?.['code']) };
  const running = sequencer('damaged', opened.store, listening);
  try {
    await until('it has tried', () => refused.length > 0);
    assert.deepEqual(refused, ['ledger_damaged']);
    assert.equal(await positions.countDocuments(), size - 1);
    await positions.insertOne(last!);
    await untilSequenced(size + 1);
    await assertLogComplete(opened);
  } finally {
    await running.stop();
  }
});
