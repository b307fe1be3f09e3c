import { completeRoot, completeSubtrees, foldSubtrees } from './merkle-tree.ts';
import type { Hash, LeafRange } from './merkle-tree.ts';

/** How many nodes a tile has when it is full: the leaves of a complete subtree of height 8 (C2SP `tlog-tiles`). */
export const tileWidth = 256;

/** Nodes next to each other on one level of the tree. Level n of the tiles is level 8n of the tree. */
export interface Tile {
  readonly level: number;
  readonly index: number;
  readonly hashes: readonly Hash[];
}

/**
 * The tiles that are not full yet, from level 0 up: all that is needed to add leaves and to compute the root. Each has
 * fewer than {@link tileWidth} hashes.
 */
export type TreeEdge = readonly (readonly Hash[])[];

export const emptyEdge: TreeEdge = [];

/** The number of leaves of the tree. */
export function sizeOf(edge: TreeEdge): number {
  return edge.reduce((sum, { length }, level) => sum + length * tileWidth ** level, 0);
}

/** The root of the tree. */
export function rootOf(edge: TreeEdge): Hash {
  const roots = edge
    .toReversed()
    .flatMap((hashes) =>
      completeSubtrees({ start: 0, end: hashes.length }).map(({ start, end }) =>
        completeRoot(hashes.slice(start, end)),
      ),
    );
  return foldSubtrees(roots);
}

/** Adds leaves, and returns the new edge and the tiles that became full, lower levels first. */
export function addLeaves(edge: TreeEdge, leaves: readonly Hash[]): { readonly edge: TreeEdge; readonly full: Tile[] } {
  const levels = edge.map((hashes) => [...hashes]);
  const full: Tile[] = [];
  let nodes = leaves;
  const before = sizeOf(edge);
  for (let level = 0; nodes.length > 0; level += 1) {
    const hashes = [...(levels[level] ?? []), ...nodes];
    const count = Math.floor(hashes.length / tileWidth);
    const first = Math.floor(before / tileWidth ** (level + 1));
    const tiles = Array.from({ length: count }, (_, at) => ({
      level,
      index: first + at,
      hashes: hashes.slice(at * tileWidth, (at + 1) * tileWidth),
    }));
    full.push(...tiles);
    levels[level] = hashes.slice(count * tileWidth);
    nodes = tiles.map((tile) => completeRoot(tile.hashes));
  }
  return { edge: levels, full };
}

/** How many hashes a tile has in a tree of this size; 0 if it does not exist. */
export function widthOf({ level, index }: Pick<Tile, 'level' | 'index'>, size: number): number {
  const nodes = Math.floor(size / tileWidth ** level);
  return Math.max(0, Math.min(tileWidth, nodes - index * tileWidth));
}

/** Reads the hashes of a tile: at least the first `width`. */
export type ReadTile = (tile: Pick<Tile, 'level' | 'index'>, width: number) => Promise<readonly Hash[]>;

async function subtreeRoot({ start, end }: LeafRange, size: number, read: ReadTile): Promise<Hash> {
  let [level, first, count] = [0, start, end - start];
  // The lowest level of tiles on which all of its nodes are in one tile. A complete subtree starts at a multiple of its size.
  while (count >= tileWidth) [level, first, count] = [level + 1, first / tileWidth, count / tileWidth];
  const tile = { level, index: Math.floor(first / tileWidth) };
  const from = first % tileWidth;
  const hashes = await read(tile, widthOf(tile, size));
  return completeRoot(hashes.slice(from, from + count));
}

/** The roots of ranges in a tree of this size: a proof, for the ranges of one. */
export async function rangeRoots(ranges: readonly LeafRange[], size: number, read: ReadTile): Promise<Hash[]> {
  return await Promise.all(
    ranges.map(async (range) =>
      foldSubtrees(await Promise.all(completeSubtrees(range).map((subtree) => subtreeRoot(subtree, size, read)))),
    ),
  );
}
