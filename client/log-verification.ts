import { canonicalBytes, sha256 } from '../contracts/canonical-json.ts';
import { parseCheckpoint } from '../contracts/log/checkpoint.ts';
import type { Checkpoint } from '../contracts/log/checkpoint.ts';
import { leafHash, rootOfInclusion } from '../contracts/log/merkle-tree.ts';
import { parseNote, parseNoteKey, signersOf } from '../contracts/log/signed-note.ts';
import { addLeaves, emptyEdge, rootOf } from '../contracts/log/tiles.ts';
import type { TreeEdge } from '../contracts/log/tiles.ts';
import type { LoggedEntry } from '../contracts/log-export.ts';

/** Something that is not as it was signed. */
export interface LogFlaw {
  /** The index of the entry that is wrong, or the first one of several of which one is. */
  readonly index?: number;
  readonly message: string;
}

export interface VerifiedLog {
  /** The number of entries that were checked. */
  readonly entries: number;
  readonly tenants: number;
  /** The largest head that was checked. */
  readonly head: Checkpoint | undefined;
  /** Empty if everything is as it was signed. */
  readonly flaws: readonly LogFlaw[];
}

/** Signed notes by name, such as the path of the file. */
export type NamedNotes = ReadonlyMap<string, string>;

/** After so many flaws, verification ends. */
const maxFlaws = 100;

/** Where a sequence ends, as far as it was read. */
interface SequenceEnd {
  readonly sequence: number;
  readonly previous: string;
}

/**
 * The signed heads, smallest first. A note that is not a checkpoint, or that none of the keys has signed, is a flaw.
 * `keys` are lines as of Go's `note.NewVerifier`.
 */
export function openHeads(
  notes: NamedNotes,
  keys: readonly string[],
): { readonly heads: readonly Checkpoint[]; readonly flaws: readonly LogFlaw[] } {
  const flaws: LogFlaw[] = [];
  const heads: Checkpoint[] = [];
  const known = keys.flatMap((line) => {
    const key = parseNoteKey(line.trim());
    if (key === undefined) flaws.push({ message: `"${line.slice(0, 80)}" is not a public key` });
    return key ?? [];
  });
  for (const [name, text] of notes) {
    const note = parseNote(text);
    const checkpoint = note === undefined ? undefined : parseCheckpoint(note.text);
    const signers = note === undefined ? undefined : signersOf(note, known);
    if (note === undefined || checkpoint === undefined) flaws.push({ message: `${name} is not a checkpoint` });
    else if (signers === undefined) flaws.push({ message: `${name} has a wrong signature` });
    else if (!signers.some((key) => key.name === checkpoint.origin))
      flaws.push({ message: `${name} is not signed with a key of its log that is trusted` });
    else heads.push(checkpoint);
  }
  const origins = new Set(heads.map(({ origin }) => origin));
  if (origins.size > 1) flaws.push({ message: `the checkpoints are of different logs: ${[...origins].join(', ')}` });
  return { heads: heads.toSorted((a, b) => a.size - b.size), flaws };
}

/** Checks entries one by one, in the order of the log: that each is what its leaf says, and follows the one before it. */
function createEntryCheck(flaws: LogFlaw[]): {
  check(logged: LoggedEntry): Buffer;
  readonly ends: ReadonlyMap<string, SequenceEnd>;
} {
  const ends = new Map<string, SequenceEnd>();
  return {
    ends,
    check({ index, leaf, entry, hash: given }) {
      const bytes = canonicalBytes(leaf);
      const hash = leafHash(bytes);
      const flaw = (message: string): void => void flaws.push({ index, message });
      if (sha256(canonicalBytes(entry)) !== leaf.entry) flaw(`the entry is not the one that was logged`);
      if (entry.tenant !== leaf.tenant) flaw('the entry is in the sequence of another tenant');
      if (hash.toString('base64') !== given) flaw('its leaf is not the one in the tree');
      const key = leaf.tenant ?? '';
      const end = ends.get(key);
      if (leaf.sequence !== (end?.sequence ?? 0) + 1)
        flaw(`it is number ${leaf.sequence} of its sequence, after number ${end?.sequence ?? 0}: entries are missing`);
      else if (leaf.previous !== end?.previous) flaw('the entry before it in its sequence is not the one it names');
      ends.set(key, { sequence: leaf.sequence, previous: `sha256:${hash.toString('hex')}` });
      return hash;
    },
  };
}

/**
 * Verifies all entries of a log against its signed heads: every entry, its place, the sequences of all tenants, and that
 * each head contains the ones before it. Nothing is asked of the installation. `heads` are in ascending sizes.
 */
export async function verifyLog(
  entries: AsyncIterable<LoggedEntry>,
  heads: readonly Checkpoint[],
): Promise<VerifiedLog> {
  const flaws: LogFlaw[] = [];
  const { check, ends } = createEntryCheck(flaws);
  let edge: TreeEdge = emptyEdge;
  let size = 0;
  let verified = 0;
  const waiting = [...heads];

  function checkHeads(): void {
    while (waiting[0]?.size === size) {
      const head = waiting.shift()!;
      if (rootOf(edge).equals(head.root)) verified = size;
      else
        flaws.push({
          index: verified,
          message: `the entries from ${verified} to ${size - 1} do not lead to the root that was signed for size ${size}`,
        });
    }
  }

  for await (const logged of entries) {
    if (logged.index !== size) {
      flaws.push({
        index: size,
        message: `entry ${size} is missing or in another place: entry ${logged.index} follows`,
      });
      break;
    }
    check(logged);
    // The tree as it was given: which leaf differs from it was said above.
    ({ edge } = addLeaves(edge, [Buffer.from(logged.hash, 'base64')]));
    size += 1;
    checkHeads();
    if (flaws.length >= maxFlaws) break;
  }
  for (const head of waiting)
    if (flaws.length === 0 || size < head.size)
      flaws.push({ index: size, message: `the log ends after ${size} entries, but ${head.size} were signed` });
  return { entries: size, tenants: ends.size, head: heads.at(-1), flaws };
}

/**
 * Verifies the entries of one tenant against one signed head, by their inclusion proofs: every entry, its place, and that
 * none is missing before the last one.
 */
export async function verifyTenantEntries(entries: AsyncIterable<LoggedEntry>, head: Checkpoint): Promise<VerifiedLog> {
  const flaws: LogFlaw[] = [];
  const { check, ends } = createEntryCheck(flaws);
  let count = 0;
  let last = -1;
  for await (const logged of entries) {
    const { index, proof = [] } = logged;
    const hash = check(logged);
    count += 1;
    if (index <= last) flaws.push({ index, message: `it is in the log before entry ${last}, which it follows here` });
    last = index;
    const root =
      index < head.size
        ? rootOfInclusion(
            { index, size: head.size },
            hash,
            proof.map((each) => Buffer.from(each, 'base64')),
          )
        : undefined;
    if (root?.equals(head.root) !== true)
      flaws.push({ index, message: `its proof does not lead to the root that was signed for size ${head.size}` });
    if (flaws.length >= maxFlaws) break;
  }
  if (ends.size > 1) flaws.push({ message: 'the entries are of more than one tenant' });
  return { entries: count, tenants: ends.size, head, flaws };
}
