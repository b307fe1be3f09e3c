import assert from 'node:assert/strict';
import { sha256 } from '../../contracts/canonical-json.ts';
import { logLeafSchema } from '../../contracts/log/leaf.ts';
import { addLeaves, emptyEdge, rootOf } from '../../contracts/log/tiles.ts';
import { leafHash } from '../../contracts/log/merkle-tree.ts';
import type { LedgerDocument } from '../../store/documents.ts';
import type { LogPosition } from '../../store/log.ts';
import type { Installation } from './installation.ts';
import { until } from './until.ts';

type WithLog = Pick<Installation, 'control' | 'databases' | 'store'>;

const pageSize = 2_000;

/** Waits until every entry of the ledger is in the log. Nothing may be committed meanwhile. */
export async function untilAllSequenced({ control, databases, store }: WithLog): Promise<void> {
  const ledger = control.db(databases.control).collection<LedgerDocument>('ledger');
  // Not by the size of the log: that of a borrowed installation has the entries of earlier tests too.
  let missing = (await ledger.find({}, { projection: { _id: 1 } }).toArray()).map(({ _id }) => _id);
  await until(`all ${missing.length} entries are sequenced`, async () => {
    const sequenced = await store.log.sequenced(missing);
    missing = missing.filter((id) => !sequenced.has(id));
    return missing.length === 0;
  });
}

async function* pagesOf({
  control,
  databases,
  store,
}: WithLog): AsyncGenerator<{ position: LogPosition; bytes: Uint8Array | undefined }[]> {
  const ledger = control.db(databases.control).collection<LedgerDocument>('ledger');
  for (let first = 0; ; first += pageSize) {
    const positions = await store.log.positions(first, pageSize);
    if (positions.length === 0) return;
    const entries = await ledger.find({ _id: { $in: positions.map(({ entry }) => entry) } }).toArray();
    const bytes = new Map(entries.map((entry) => [entry._id, entry.bytes.value()]));
    yield positions.map((position) => ({ position, bytes: bytes.get(position.entry) }));
  }
}

/**
 * Checks everything that must be true of a log against the ledger: each entry is in it once, sequences have no gaps and
 * are in the order of the tenant's revisions, each leaf names its entry and the leaf before it, and the head has the
 * root over the leaves of its size.
 */
export async function assertLogComplete(installation: WithLog): Promise<void> {
  const entries = await installation.control.db(installation.databases.control).collection('ledger').countDocuments();
  const ends = new Map<string | null, { sequence: number; previous: string; revision: number }>();
  const seen = new Set<string>();
  const leaves: Buffer[] = [];
  for await (const page of pagesOf(installation)) {
    for (const { position, bytes } of page) {
      const { index, entry, tenant, sequence, leaf } = position;
      const end = ends.get(tenant);
      assert.ok(bytes !== undefined, `entry ${entry} at ${index} is in the ledger`);
      assert.ok(!seen.has(entry), `entry ${entry} has one place`);
      assert.equal(index, seen.size, 'the log has no gaps');
      assert.equal(sequence, (end?.sequence ?? 0) + 1, `the sequence of ${tenant} has no gaps`);
      assert.deepEqual(logLeafSchema.parse(JSON.parse(leaf.toString())), {
        v: 1,
        ...(tenant === null ? {} : { tenant }),
        sequence,
        ...(end === undefined ? {} : { previous: end.previous }),
        entry: sha256(bytes),
      });
      const { next } = JSON.parse(Buffer.from(bytes).toString()) as { next?: { revision: number } };
      const revision = (tenant === null ? undefined : next?.revision) ?? end?.revision ?? 0;
      assert.ok(revision >= (end?.revision ?? 0), `the changes of ${tenant} are in the order of its revisions`);
      ends.set(tenant, { sequence, previous: `sha256:${leafHash(leaf).toString('hex')}`, revision });
      seen.add(entry);
    }
    leaves.push(...page.map(({ position }) => leafHash(position.leaf)));
  }
  assert.equal(seen.size, entries, 'every entry is in the log');
  const { size, root } = await installation.store.log.head();
  assert.ok(size <= seen.size);
  assert.deepEqual(root, rootOf(addLeaves(emptyEdge, leaves.slice(0, size)).edge), 'the head has the root of its size');
}
