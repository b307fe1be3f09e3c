import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { addLeaves, emptyEdge, rangeRoots, rootOf, sizeOf, tileWidth, widthOf } from '../../../contracts/log/tiles.ts';
import type { ReadTile, Tile, TreeEdge } from '../../../contracts/log/tiles.ts';
import {
  consistencyRanges,
  emptyRoot,
  inclusionRanges,
  isConsistent,
  leafHash,
  rootOfInclusion,
} from '../../../contracts/log/merkle-tree.ts';
import type { Hash } from '../../../contracts/log/merkle-tree.ts';

const sha256 = (...parts: Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

const powerBelow = (n: number): number => 2 ** Math.ceil(Math.log2(n) - 1);

/** MTH of RFC 6962, section 2.1, as it is written there. */
function mth(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return sha256(Buffer.of(0), leaves[0]!);
  const k = powerBelow(leaves.length);
  return sha256(Buffer.of(1), mth(leaves.slice(0, k)), mth(leaves.slice(k)));
}

/** PATH of RFC 6962, section 2.1.1. */
function path(m: number, leaves: readonly Buffer[]): Buffer[] {
  if (leaves.length === 1) return [];
  const k = powerBelow(leaves.length);
  return m < k
    ? [...path(m, leaves.slice(0, k)), mth(leaves.slice(k))]
    : [...path(m - k, leaves.slice(k)), mth(leaves.slice(0, k))];
}

/** SUBPROOF of RFC 6962, section 2.1.2. */
function subproof(m: number, leaves: readonly Buffer[], isWhole: boolean): Buffer[] {
  if (m === leaves.length) return isWhole ? [] : [mth(leaves)];
  const k = powerBelow(leaves.length);
  return m <= k
    ? [...subproof(m, leaves.slice(0, k), isWhole), mth(leaves.slice(k))]
    : [...subproof(m - k, leaves.slice(k), false), mth(leaves.slice(0, k))];
}

/** A tree that keeps its tiles, as a log does. */
function grown(
  leaves: readonly Buffer[],
  parts: readonly number[] = [leaves.length],
): { edge: TreeEdge; read: ReadTile } {
  const tiles = new Map<string, readonly Hash[]>();
  const key = ({ level, index }: Pick<Tile, 'level' | 'index'>): string => `${level}/${index}`;
  let edge = emptyEdge;
  let at = 0;
  for (const part of [...parts, leaves.length]) {
    const grownBy = addLeaves(edge, leaves.slice(at, at + part).map(leafHash));
    at = Math.min(leaves.length, at + part);
    for (const tile of grownBy.full) {
      assert.equal(tile.hashes.length, tileWidth);
      assert.ok(!tiles.has(key(tile)), 'a full tile is returned once');
      tiles.set(key(tile), tile.hashes);
    }
    edge = grownBy.edge;
  }
  const size = sizeOf(edge);
  for (const [level, hashes] of edge.entries()) {
    const tile = { level, index: Math.floor(size / tileWidth ** (level + 1)) };
    assert.equal(hashes.length % tileWidth, widthOf(tile, size) % tileWidth);
    if (hashes.length > 0) tiles.set(key(tile), hashes);
  }
  return {
    edge,
    read: async (tile, width) => {
      const hashes = tiles.get(key(tile));
      assert.ok(hashes !== undefined && width > 0 && hashes.length >= width, `tile ${key(tile)} of width ${width}`);
      return hashes.slice(0, width);
    },
  };
}

const leavesOfSize = (size: number): Buffer[] => Array.from({ length: size }, (_, at) => Buffer.from(`leaf ${at}`));
/** Small sizes, and sizes around a full tile and around a full tile of tiles. */
const size = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 70 }) },
  { weight: 2, arbitrary: fc.integer({ min: 250, max: 260 }) },
  { weight: 2, arbitrary: fc.integer({ min: 500, max: 1_100 }) },
);
const runs = { numRuns: 60 };

describe('a Merkle tree', () => {
  it('has the roots of the test vectors of Certificate Transparency', () => {
    const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
    const roots = [
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
      '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ];
    assert.equal(emptyRoot.toString('hex'), roots[0]);
    for (const [count, root] of roots.entries())
      assert.equal(
        rootOf(grown(leaves.slice(0, count).map((leaf) => Buffer.from(leaf, 'hex'))).edge).toString('hex'),
        root,
      );
  });

  it('has the root of RFC 6962, in whatever parts the leaves were added', () => {
    fc.assert(
      fc.property(size, fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 6 }), (count, parts) => {
        const leaves = leavesOfSize(count);
        const { edge } = grown(leaves, parts);
        assert.equal(sizeOf(edge), count);
        assert.deepEqual(rootOf(edge), mth(leaves));
        assert.ok(edge.every((hashes) => hashes.length < tileWidth));
      }),
      runs,
    );
  });

  it('keeps tiles of the second level', () => {
    const leaves = leavesOfSize(tileWidth * tileWidth + 300);
    const { edge } = grown(leaves, [1_000, 60_000]);
    assert.deepEqual(rootOf(edge), mth(leaves));
    assert.deepEqual(
      edge.map(({ length }) => length),
      [300 - tileWidth, 1, 1],
    );
  });
});

describe('an inclusion proof', () => {
  it('is that of RFC 6962, and leads to the root from no other leaf or place', async () => {
    await fc.assert(
      fc.asyncProperty(size, fc.nat(), async (count, seed) => {
        const leaves = leavesOfSize(count);
        const index = seed % count;
        const { edge, read } = grown(leaves);
        const proof = await rangeRoots(inclusionRanges(index, count), count, read);
        assert.deepEqual(proof, path(index, leaves));
        const root = rootOf(edge);
        const led = (at: number, leaf: Buffer, by: readonly Hash[] = proof): Hash | undefined =>
          rootOfInclusion({ index: at, size: count }, leafHash(leaf), by);
        assert.deepEqual(led(index, leaves[index]!), root);
        assert.notDeepEqual(led(index, Buffer.from('another')), root);
        assert.notDeepEqual(led(index, leaves[index]!, [...proof, root]), root);
        if (count > 1) {
          assert.notDeepEqual(led((index + 1) % count, leaves[index]!), root);
          assert.notDeepEqual(led(index, leaves[index]!, proof.slice(1)), root);
        }
      }),
      runs,
    );
  });

  it('is refused for a leaf that the tree does not have', () => {
    for (const [index, count] of [
      [0, 0],
      [3, 3],
      [-1, 3],
      [0.5, 3],
      [0, 2 ** 60],
    ] as const)
      assert.throws(() => inclusionRanges(index, count), RangeError);
  });
});

describe('a consistency proof', () => {
  it('is that of RFC 6962, and no other tree passes', async () => {
    await fc.assert(
      fc.asyncProperty(size, fc.nat(), async (count, seed) => {
        const leaves = leavesOfSize(count);
        const earlier = seed % (count + 1);
        const { edge, read } = grown(leaves);
        const growth = { earlier, size: count };
        const proof = await rangeRoots(consistencyRanges(growth), count, read);
        assert.deepEqual(proof, earlier === 0 ? [] : subproof(earlier, leaves, true));
        const roots = { earlierRoot: mth(leaves.slice(0, earlier)), root: rootOf(edge) };
        assert.ok(isConsistent(growth, roots, proof));
        const forked = [...leaves.slice(0, -1), Buffer.from('forked')];
        if (earlier === count) assert.ok(!isConsistent(growth, { ...roots, root: mth(forked) }, proof));
        else if (earlier > 0) {
          const other = mth([...leaves.slice(0, earlier - 1), Buffer.from('forked')]);
          assert.ok(!isConsistent(growth, { ...roots, earlierRoot: other }, proof));
          assert.ok(!isConsistent(growth, { ...roots, root: mth(forked) }, proof));
          assert.ok(!isConsistent(growth, roots, proof.slice(1)));
          assert.ok(!isConsistent(growth, roots, [...proof, roots.root]));
        }
      }),
      runs,
    );
  });
});
