import { Binary } from 'mongodb';
import { startSequencer } from '../../../engines/ledger/sequencer.ts';
import { createMetrics } from '../../../platform/metrics.ts';
import type { LogPositionDocument } from '../../../store/log-documents.ts';
import type { EmbeddedStack } from '../../../tools/stack/embedded-stack.ts';
import { openControlStore } from '../../harness/control-store.ts';
import type { ControlStore } from '../../harness/control-store.ts';
import { until } from '../../harness/until.ts';
import { elapsedMs } from '../elapsed.ts';
import { percentile } from '../figure.ts';
import type { Figure } from '../figure.ts';
import { progress } from '../progress.ts';
import { scaled } from '../scale.ts';
import { createLedgerFiller } from './filled-ledger.ts';
import type { LedgerFiller } from './filled-ledger.ts';

const small = 10_000;
const large = scaled(1_000_000, 50_000);
const searches = 300;
const waitMs = 15 * 60_000;

const ignore = (): void => undefined;

/** Sequences what is in the ledger. Returns the time, in milliseconds. */
async function sequenceTo({ store }: ControlStore, size: number): Promise<number> {
  const began = performance.now();
  const sequencer = startSequencer({
    log: store.log,
    committed: store.committedEntries,
    clock: store.clock,
    holder: `bench/${store.newId()}`,
    failpoints: { reach: async () => undefined },
    logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    metrics: createMetrics('worker'),
  });
  try {
    await until(`${size} entries are sequenced`, async () => (await store.log.size()) >= size, waitMs, 5);
    return performance.now() - began;
  } finally {
    await sequencer.stop();
  }
}

/** The raw driver inserts documents of the same form and size, in the same batches. Returns the time per document. */
async function rawInsertMs({ store, control, databases }: ControlStore, count: number): Promise<number> {
  const positions = control
    .db(databases.control, { writeConcern: { w: 'majority', journal: true } })
    .collection<LogPositionDocument>('raw_positions');
  await positions.createIndexes([
    { key: { entry: 1 }, unique: true },
    { key: { tenant: 1, sequence: -1 }, unique: true },
    { key: { tenant: 1, _id: 1 } },
  ]);
  const tenant = store.newId();
  const leaf = new Binary(Buffer.alloc(230, 'x'));
  const one = (index: number): LogPositionDocument => ({
    _id: index,
    entry: store.newId(),
    tenant,
    sequence: index,
    event: 'tenant.updated.v1',
    events: index,
    time: new Date(),
    leaf,
  });
  const batch = 1_000;
  const took = await elapsedMs(async () => {
    for (let at = 0; at < count; at += batch)
      await positions.insertMany(Array.from({ length: batch }, (_, index) => one(at + index)));
  });
  await positions.drop();
  return took / count;
}

async function searchMs({ store }: ControlStore, { tenants }: LedgerFiller): Promise<number[]> {
  const took: number[] = [];
  for (let turn = 0; turn < searches; turn += 1) {
    const tenant = tenants[(turn * 7) % tenants.length] ?? '';
    const [search] = [
      { tenants: [tenant] },
      { tenants: [tenant], action: 'tenant.update' },
      { actor: `person-${turn}@example.com` },
      { correlationId: `correlation-${turn}` },
      { target: `tenant/${tenant}` },
      { from: new Date(Date.now() - 60_000) },
    ].slice(turn % 6);
    took.push(
      await elapsedMs(async () => {
        for await (const entry of store.audit.search(search ?? {}, { limit: 50 })) ignore.call(entry);
      }),
    );
  }
  return took;
}

/** The log and the audit trail at 10,000 entries and at a million. */
export async function benchSequencing(stack: EmbeddedStack): Promise<Figure[]> {
  const opened = await openControlStore(stack);
  try {
    const filler = createLedgerFiller(opened);
    progress('sequencing the first entries');
    await filler.fill(small);
    const first = await sequenceTo(opened, small);
    const raw = await rawInsertMs(opened, small);

    progress(`sequencing ${large} entries`);
    await filler.fill(large - small);
    const whole = await sequenceTo(opened, large);

    progress('sequencing more');
    await filler.fill(small);
    const last = await sequenceTo(opened, large + small);

    progress('searching');
    await searchMs(opened, filler);
    const took = await searchMs(opened, filler);
    return [
      {
        name: `sequenced from a backlog of ${large}`,
        value: (1_000 * (large - small)) / whole,
        unit: 'entries/s',
        floor: { name: 'raw driver, documents like these', value: 1_000 / raw },
        goal: { of: 'value', atLeast: 10_000 },
      },
      {
        name: `sequencing ${small} more, at ${large}`,
        value: last,
        unit: 'ms',
        floor: { name: `the first ${small}`, value: first },
        goal: { of: 'ratio', atMost: 1.2 },
      },
      {
        name: `audit search at ${large}, p99`,
        value: percentile(took, 0.99),
        unit: 'ms',
        floor: { name: 'p50', value: percentile(took, 0.5) },
        goal: { of: 'value', atMost: 50 },
      },
    ];
  } finally {
    await opened.close();
  }
}
