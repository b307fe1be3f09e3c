import { canonicalBytes } from '../../contracts/canonical-json.ts';
import type { LogLeaf } from '../../contracts/log/leaf.ts';
import { leafHash } from '../../contracts/log/merkle-tree.ts';
import type { CommittedEntry } from '../../store/committed-entries.ts';
import type { LogPosition, LogStore, SequenceEnd } from '../../store/log.ts';

type Ends = ReadonlyMap<string | null, SequenceEnd>;

function leafBytes({ tenant, digest }: CommittedEntry, sequence: number, end: SequenceEnd | undefined): Buffer {
  const leaf: LogLeaf = {
    v: 1,
    ...(tenant === null ? {} : { tenant }),
    sequence,
    ...(end === undefined ? {} : { previous: `sha256:${end.hash.toString('hex')}` }),
    entry: digest,
  };
  return canonicalBytes(leaf);
}

/**
 * Gives entries, in this order, their places in a log of this size and in their tenants' sequences. `ends` has the ends
 * of at least these tenants' sequences; a tenant without entries has none.
 */
export function sequenceEntries(size: number, ends: Ends, entries: readonly CommittedEntry[]): LogPosition[] {
  const newEnds = new Map(ends);
  return entries.map((entry, at) => {
    const { id, tenant, event, time } = entry;
    const end = newEnds.get(tenant);
    const sequence = (end?.sequence ?? 0) + 1;
    const events = (end?.events ?? 0) + (event === null ? 0 : 1);
    const leaf = leafBytes(entry, sequence, end);
    const hash = leafHash(leaf);
    newEnds.set(tenant, { sequence, events, hash });
    return { index: size + at, entry: id, tenant, sequence, event, events, time, leaf, hash };
  });
}

/** The ends of sequences, of which those of the last tenants are remembered. */
export interface SequenceEnds {
  of(entries: readonly CommittedEntry[]): Promise<Ends>;
  learn(positions: readonly LogPosition[]): void;
}

const remembered = 20_000;

export function createSequenceEnds({ endsOf }: Pick<LogStore, 'endsOf'>): SequenceEnds {
  const ends = new Map<string | null, SequenceEnd>();
  return {
    async of(entries) {
      const tenants = new Set(entries.map(({ tenant }) => tenant));
      const unknown = [...tenants].filter((tenant) => !ends.has(tenant));
      if (unknown.length > 0) for (const [tenant, end] of await endsOf(unknown)) ends.set(tenant, end);
      return new Map([...tenants].flatMap((tenant) => (ends.has(tenant) ? [[tenant, ends.get(tenant)!]] : [])));
    },
    learn(positions) {
      for (const { tenant, sequence, events, hash } of positions) {
        ends.delete(tenant);
        ends.set(tenant, { sequence, events, hash });
      }
      for (const tenant of ends.keys()) {
        if (ends.size <= remembered) return;
        ends.delete(tenant);
      }
    },
  };
}
