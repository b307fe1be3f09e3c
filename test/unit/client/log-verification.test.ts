import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { openHeads, verifyLog, verifyTenantEntries } from '../../../client/log-verification.ts';
import type { VerifiedLog } from '../../../client/log-verification.ts';
import { canonicalBytes, sha256 } from '../../../contracts/canonical-json.ts';
import type { LedgerEntry } from '../../../contracts/ledger-entry.ts';
import type { LogLeaf } from '../../../contracts/log/leaf.ts';
import { inclusionRanges, leafHash } from '../../../contracts/log/merkle-tree.ts';
import { addLeaves, emptyEdge, rangeRoots, rootOf } from '../../../contracts/log/tiles.ts';
import type { LoggedEntry } from '../../../contracts/log-export.ts';
import { createHeadSigner } from '../../../engines/ledger/head-signer.ts';
import { createSequenceEnds, sequenceEntries } from '../../../engines/ledger/sequence-entries.ts';

const tenants = ['01m7zjfrwsf8nzpzkpq20695e8', '01m7zjfs64x5rgv7y2fg43n18n', undefined];
const { privateKey } = generateKeyPairSync('ed25519');
const signer = createHeadSigner('test', [privateKey]);

function entryOf(at: number, tenant: string | undefined): LedgerEntry {
  return {
    v: 1,
    id: `01m7zjfrwsf8nzpzkpq2${String(at).padStart(6, '0')}`,
    time: new Date(at).toISOString(),
    installation: 'test',
    ...(tenant === undefined ? {} : { tenant }),
    actor: { subject: sha256(Buffer.from('someone')), roles: [] },
    action: 'tenant.update',
    target: { kind: 'Tenant' },
    outcome: 'succeeded',
    requestId: `request-${at}`,
    correlationId: 'correlation',
  };
}

interface Log {
  readonly entries: readonly LoggedEntry[];
  /** The signed note of a size. */
  note(size: number): string;
  /** Only those of one tenant, with their proofs in the whole tree. */
  ofTenant(tenant: string): Promise<LoggedEntry[]>;
}

async function logOf(owners: readonly (string | undefined)[]): Promise<Log> {
  const entries = owners.map((tenant, at) => entryOf(at, tenant));
  const committed = entries.map((entry) => ({
    id: entry.id,
    tenant: entry.tenant ?? null,
    digest: sha256(canonicalBytes(entry)),
    event: null,
    time: new Date(entry.time),
  }));
  const ends = createSequenceEnds({ endsOf: async () => new Map() });
  const positions = sequenceEntries(0, await ends.of(committed), committed);
  const hashes = positions.map(({ hash }) => hash);
  const logged = positions.map(({ index, leaf, hash }) => ({
    index,
    hash: hash.toString('base64'),
    leaf: JSON.parse(leaf.toString()) as LogLeaf,
    entry: entries[index]!,
  }));
  return {
    entries: logged,
    note: (size) => signer.sign({ size, root: rootOf(addLeaves(emptyEdge, hashes.slice(0, size)).edge) }),
    ofTenant: async (tenant) =>
      Promise.all(
        logged
          .filter(({ leaf }) => leaf.tenant === tenant)
          .map(async (one) => {
            // All logs here fit into one tile.
            const proof = await rangeRoots(
              inclusionRanges(one.index, hashes.length),
              hashes.length,
              async () => hashes,
            );
            return { ...one, proof: proof.map((each) => each.toString('base64')) };
          }),
      ),
  };
}

async function* each(entries: readonly LoggedEntry[]): AsyncGenerator<LoggedEntry> {
  yield* entries;
}

const owners = fc.array(fc.constantFrom(...tenants), { minLength: 2, maxLength: 200 });

async function verified(log: Log, entries: readonly LoggedEntry[], sizes: readonly number[]): Promise<VerifiedLog> {
  const { heads, flaws } = openHeads(new Map(sizes.map((size) => [String(size), log.note(size)])), signer.keys);
  assert.deepEqual(flaws, []);
  return verifyLog(each(entries), heads);
}

/** What somebody can do to a stored entry, each with the index that must be named. */
const attacks: Readonly<Record<string, (entries: LoggedEntry[], at: number) => number>> = {
  'changes an entry'(entries, at) {
    entries[at] = { ...entries[at]!, entry: { ...entries[at]!.entry, outcome: 'denied' } };
    return at;
  },
  'changes an entry and its leaf'(entries, at) {
    const entry: LedgerEntry = { ...entries[at]!.entry, outcome: 'denied' };
    entries[at] = {
      ...entries[at]!,
      entry,
      leaf: { ...entries[at]!.leaf, entry: sha256(canonicalBytes(entry)) },
    };
    return at;
  },
  'gives an entry to another tenant'(entries, at) {
    const tenant = '01m7zjfs96gvcrbezp3d7jx0sv';
    entries[at] = { ...entries[at]!, entry: { ...entries[at]!.entry, tenant } };
    return at;
  },
  'removes an entry'(entries, at) {
    entries.splice(at, 1);
    return at;
  },
  'exchanges two entries'(entries, at) {
    const other = at === 0 ? 1 : at - 1;
    [entries[at], entries[other]] = [entries[other]!, entries[at]!];
    return Math.min(at, other);
  },
};

describe('the verification of a whole log', () => {
  it('finds nothing in what was signed, whichever heads are kept', async () => {
    await fc.assert(
      fc.asyncProperty(owners, fc.nat(), async (all, some) => {
        const log = await logOf(all);
        const {
          flaws,
          entries,
          tenants: sequences,
        } = await verified(log, log.entries, [1 + (some % all.length), all.length]);
        assert.deepEqual([flaws, entries, sequences], [[], all.length, new Set(all).size]);
      }),
      { numRuns: 50 },
    );
  });

  for (const [what, attack] of Object.entries(attacks)) {
    it(`names the entry if somebody ${what}`, async () => {
      await fc.assert(
        fc.asyncProperty(owners, fc.nat(), async (all, some) => {
          const log = await logOf(all);
          const entries = [...log.entries];
          const index = attack(entries, some % all.length);
          const { flaws } = await verified(log, entries, [all.length]);
          assert.equal(flaws[0]?.index, index, JSON.stringify(flaws));
        }),
        { numRuns: 50 },
      );
    });
  }

  it('finds a log that ends early, and one that was written anew with other hashes', async () => {
    const log = await logOf([tenants[0], tenants[1], tenants[0], undefined]);
    assert.equal((await verified(log, log.entries.slice(0, 3), [4])).flaws[0]?.index, 3);
    const other = await logOf([tenants[0], tenants[0], tenants[0], undefined]);
    const { flaws } = await verified(log, other.entries, [1, 4]);
    assert.deepEqual(
      flaws.map(({ index }) => index),
      [1],
      'it begins to differ after the first head',
    );
  });

  it('finds two heads that do not belong to one log', async () => {
    const [log, fork] = [await logOf([tenants[0], tenants[1], tenants[0]]), await logOf([tenants[1], tenants[1]])];
    const notes = new Map([
      ['2', fork.note(2)],
      ['3', log.note(3)],
    ]);
    const { heads } = openHeads(notes, signer.keys);
    assert.equal((await verifyLog(each(log.entries), heads)).flaws.length, 1);
  });
});

describe('the verification of one tenant', () => {
  const tenant = tenants[0]!;
  const all = [tenant, tenants[1], tenant, undefined, tenant, tenant];

  async function verifiedOf(entries: readonly LoggedEntry[], log: Log): Promise<VerifiedLog> {
    const { heads } = openHeads(new Map([['head', log.note(all.length)]]), signer.keys);
    return verifyTenantEntries(each(entries), heads[0]!);
  }

  it('needs nothing but its entries, their proofs and a signed head', async () => {
    const log = await logOf(all);
    const { flaws, entries } = await verifiedOf(await log.ofTenant(tenant), log);
    assert.deepEqual([flaws, entries], [[], 4]);
  });

  it('names an entry that was changed, removed, or is not in the tree', async () => {
    const log = await logOf(all);
    for (const [what, attack] of Object.entries(attacks)) {
      const entries = await log.ofTenant(tenant);
      attack(entries, 1);
      assert.notEqual((await verifiedOf(entries, log)).flaws.length, 0, what);
    }
    const [first, second, ...rest] = await log.ofTenant(tenant);
    const moved = [first!, { ...second!, proof: second!.proof!.toReversed() }, ...rest];
    assert.equal((await verifiedOf(moved, log)).flaws[0]?.index, 2);
  });
});

describe('signed heads', () => {
  it('are refused without a trusted signature', async () => {
    const log = await logOf([tenants[0], tenants[1]]);
    const stranger = createHeadSigner('test', [generateKeyPairSync('ed25519').privateKey]);
    const note = log.note(2);
    const flawsOf = (text: string, keys: readonly string[] = signer.keys): number =>
      openHeads(new Map([['note', text]]), keys).flaws.length;
    assert.equal(flawsOf(note), 0);
    assert.equal(flawsOf(note, [...stranger.keys, ...signer.keys]), 0, 'old and new keys while one is replaced');
    for (const [text, keys] of [
      [note, stranger.keys],
      [note, []],
      [note, ['nonsense']],
      [note.replace('\n2\n', '\n1\n'), signer.keys],
      [note.replace('tenure/test\n', 'tenure/other\n'), signer.keys],
      ['nonsense', signer.keys],
    ] as const)
      assert.notEqual(flawsOf(text, keys), 0);
    assert.equal(leafHash(canonicalBytes(log.entries[0]!.leaf)).toString('base64'), log.entries[0]!.hash);
  });
});
