import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { canonicalBytes, sha256 } from '../../../contracts/canonical-json.ts';
import { logLeafSchema } from '../../../contracts/log/leaf.ts';
import { leafHash } from '../../../contracts/log/merkle-tree.ts';
import { createSequenceEnds, sequenceEntries } from '../../../engines/ledger/sequence-entries.ts';
import type { CommittedEntry } from '../../../store/committed-entries.ts';
import type { LogPosition } from '../../../store/log.ts';

const tenants = ['01m7zjfrwsf8nzpzkpq20695e8', '01m7zjfs64x5rgv7y2fg43n18n', null];
const entries = fc.array(fc.constantFrom(...tenants), { minLength: 1, maxLength: 600 }).map((all) =>
  all.map((tenant, at): CommittedEntry => ({
    id: `entry-${at}`,
    tenant,
    digest: sha256(Buffer.from(`entry ${at}`)),
    event: at % 3 === 0 ? 'tenant.updated.v1' : null,
    time: new Date(at),
  })),
);

/** Sequences in batches, with the knowledge that each batch leaves. */
async function sequenced(all: readonly CommittedEntry[], batch: number): Promise<LogPosition[]> {
  const ends = createSequenceEnds({ endsOf: async () => new Map() });
  const positions: LogPosition[] = [];
  for (let at = 0; at < all.length; at += batch) {
    const entries = all.slice(at, at + batch);
    const added = sequenceEntries(positions.length, await ends.of(entries), entries);
    ends.learn(added);
    positions.push(...added);
  }
  return positions;
}

describe('sequenced entries', () => {
  it('have the same places, in batches of whatever size', async () => {
    await fc.assert(
      fc.asyncProperty(entries, fc.integer({ min: 1, max: 700 }), async (all, batch) => {
        assert.deepEqual(await sequenced(all, batch), await sequenced(all, all.length));
      }),
      { numRuns: 30 },
    );
  });

  it('keep their order, count each tenant from 1, and name the leaf before them', async () => {
    await fc.assert(
      fc.asyncProperty(entries, async (all) => {
        const positions = await sequenced(all, 100);
        const leaves = new Map<string | null, Buffer[]>();
        const numbered = new Map<string | null, number>();
        for (const [at, { index, entry, tenant, sequence, event, events, leaf }] of positions.entries()) {
          const earlier = leaves.get(tenant) ?? [];
          const last = earlier.at(-1);
          assert.deepEqual([index, entry, tenant, sequence], [at, all[at]!.id, all[at]!.tenant, earlier.length + 1]);
          assert.equal(event, all[at]!.event);
          assert.equal(
            events,
            (numbered.get(tenant) ?? 0) + (event === null ? 0 : 1),
            'events are counted on their own',
          );
          numbered.set(tenant, events);
          const written = logLeafSchema.parse(JSON.parse(leaf.toString()));
          assert.deepEqual(leaf, canonicalBytes(written));
          assert.equal(written.previous, last === undefined ? undefined : `sha256:${leafHash(last).toString('hex')}`);
          assert.deepEqual([written.tenant, written.entry], [tenant ?? undefined, all[at]!.digest]);
          leaves.set(tenant, [...earlier, leaf]);
        }
      }),
      { numRuns: 30 },
    );
  });
});
