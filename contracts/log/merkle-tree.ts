import { createHash } from 'node:crypto';

/**
 * Merkle trees of RFC 6962 (section 2.1), with the proofs of RFC 9162 (sections 2.1.3 and 2.1.4). Sizes and indexes are
 * safe integers; a hash is 32 bytes of SHA-256.
 */
export type Hash = Buffer;

/** The leaves from `start` to before `end`. */
export interface LeafRange {
  readonly start: number;
  readonly end: number;
}

// Different prefixes, so that no node can be passed off as a leaf.
const leafPrefix = Uint8Array.of(0);
const nodePrefix = Uint8Array.of(1);

export function leafHash(leaf: Uint8Array): Hash {
  return createHash('sha256').update(leafPrefix).update(leaf).digest();
}

function nodeHash(left: Hash, right: Hash): Hash {
  return createHash('sha256').update(nodePrefix).update(left).update(right).digest();
}

/** The root of a tree without leaves. */
export const emptyRoot: Hash = createHash('sha256').digest();

/** The largest power of two that is not greater than `count`, which must be at least 1. */
function powerWithin(count: number): number {
  let power = 1;
  while (power * 2 <= count) power *= 2;
  return power;
}

/** The two subtrees of a tree over two leaves or more: the left one has the largest power of two less than their number. */
function halvesOf({ start, end }: LeafRange): readonly [left: LeafRange, right: LeafRange] {
  const middle = start + powerWithin(end - start - 1);
  return [
    { start, end: middle },
    { start: middle, end },
  ];
}

/** The complete subtrees that a range consists of, from left to right. The range must be one that a proof names. */
export function completeSubtrees({ start, end }: LeafRange): LeafRange[] {
  const subtrees: LeafRange[] = [];
  for (let at = start; at < end;) {
    const size = powerWithin(end - at);
    subtrees.push({ start: at, end: at + size });
    at += size;
  }
  return subtrees;
}

/** The root over complete subtrees, given from left to right in descending sizes. */
export function foldSubtrees(roots: readonly Hash[]): Hash {
  return roots.length === 0 ? emptyRoot : roots.reduceRight((right, left) => nodeHash(left, right));
}

/** The root of a complete subtree, from its nodes on one level: a power of two of them. */
export function completeRoot(nodes: readonly Hash[]): Hash {
  let level = nodes;
  while (level.length > 1) {
    const above: Hash[] = [];
    for (let at = 0; at < level.length; at += 2) above.push(nodeHash(level[at]!, level[at + 1]!));
    level = above;
  }
  return level[0]!;
}

function assertWithin(value: number, lowest: number, highest: number, name: string): void {
  if (!Number.isSafeInteger(value) || value < lowest || value > highest)
    throw new RangeError(`${name} must be an integer from ${lowest} to ${highest}, not ${value}`);
}

/** The ranges whose roots prove that the leaf `index` is in a tree of this size, from the leaf to the root. */
export function inclusionRanges(index: number, size: number): LeafRange[] {
  assertWithin(size, 1, Number.MAX_SAFE_INTEGER, 'size');
  assertWithin(index, 0, size - 1, 'index');
  const ranges: LeafRange[] = [];
  let tree: LeafRange = { start: 0, end: size };
  while (tree.end - tree.start > 1) {
    const [left, right] = halvesOf(tree);
    const isLeft = index < left.end;
    ranges.push(isLeft ? right : left);
    tree = isLeft ? left : right;
  }
  return ranges.toReversed();
}

/** The root that an inclusion proof leads to. Undefined if the proof has not the length of one for this leaf. */
export function rootOfInclusion(
  { index, size }: { readonly index: number; readonly size: number },
  leaf: Hash,
  proof: readonly Hash[],
): Hash | undefined {
  const ranges = inclusionRanges(index, size);
  if (ranges.length !== proof.length) return undefined;
  return ranges.reduce(
    (root, { start }, at) => (start > index ? nodeHash(root, proof[at]!) : nodeHash(proof[at]!, root)),
    leaf,
  );
}

/** What proves that a tree of `size` leaves begins with the `earlier` leaves of another. */
interface Growth {
  readonly earlier: number;
  readonly size: number;
}

/**
 * The ranges whose roots are a consistency proof, in the order of RFC 9162. The first one ends at `earlier`, unless the
 * earlier tree is a complete subtree, whose root the verifier has.
 */
export function consistencyRanges({ earlier, size }: Growth): LeafRange[] {
  assertWithin(size, 0, Number.MAX_SAFE_INTEGER, 'size');
  assertWithin(earlier, 0, size, 'earlier');
  if (earlier === 0 || earlier === size) return [];
  const ranges: LeafRange[] = [];
  let tree: LeafRange = { start: 0, end: size };
  while (tree.end !== earlier) {
    const [left, right] = halvesOf(tree);
    const isLeft = earlier <= left.end;
    ranges.push(isLeft ? right : left);
    tree = isLeft ? left : right;
  }
  if (tree.start > 0) ranges.push(tree);
  return ranges.toReversed();
}

/** Whether the proof shows that the tree with `root` begins with the leaves of the tree with `earlierRoot`. */
export function isConsistent(
  growth: Growth,
  { earlierRoot, root }: { readonly earlierRoot: Hash; readonly root: Hash },
  proof: readonly Hash[],
): boolean {
  const ranges = consistencyRanges(growth);
  if (ranges.length !== proof.length) return false;
  if (growth.earlier === 0) return earlierRoot.equals(emptyRoot);
  if (growth.earlier === growth.size) return earlierRoot.equals(root);
  const startsInProof = ranges[0]!.end === growth.earlier;
  let first = startsInProof ? proof[0]! : earlierRoot;
  let second = first;
  for (const [at, { start }] of ranges.entries()) {
    if (startsInProof && at === 0) continue;
    const isRight = start >= growth.earlier;
    second = isRight ? nodeHash(second, proof[at]!) : nodeHash(proof[at]!, second);
    if (!isRight) first = nodeHash(proof[at]!, first);
  }
  return first.equals(earlierRoot) && second.equals(root);
}
