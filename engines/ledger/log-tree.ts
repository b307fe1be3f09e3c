import { addLeaves, rootOf, sizeOf, tileWidth } from '../../contracts/log/tiles.ts';
import type { TreeEdge } from '../../contracts/log/tiles.ts';
import type { Hash } from '../../contracts/log/merkle-tree.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import { createReadTile } from './read-tile.ts';
import type { LogHead, LogPosition, LogStore } from '../../store/log.ts';

/** The tree over the log, as its sequencer knows it. */
export interface LogTree {
  size(): number;
  root(): Hash;
  /** Adds the positions that follow, and stores the tiles that become full. */
  grow(positions: readonly LogPosition[]): Promise<void>;
}

const pageSize = 1_000;

/**
 * Builds the right edge of the tree from what is stored: up to the head, and from there to the end of the log.
 * @throws TenureError ledger_damaged, if the stored hashes do not lead to the root in the head, or positions are missing:
 * somebody has changed the log
 */
export async function readTree(head: Pick<LogHead, 'size' | 'root'>, log: LogStore): Promise<LogTree> {
  let edge = await readEdge(head, log);
  const tree: LogTree = {
    size: () => sizeOf(edge),
    root: () => rootOf(edge),
    async grow(positions) {
      const grown = addLeaves(
        edge,
        positions.map(({ hash }) => hash),
      );
      ({ edge } = grown);
      if (grown.full.length > 0) await log.addTiles(grown.full);
    },
  };
  for (;;) {
    const size = tree.size();
    const positions = await log.positions(size, pageSize);
    if (positions.some(({ index }, at) => index !== size + at)) throw damaged(`it has gaps after entry ${size}`);
    if (positions.length === 0) return tree;
    await tree.grow(positions);
  }
}

/**
 * Checks that the log begins with the entries of an earlier head.
 * @throws TenureError ledger_damaged, if it is shorter, or its first entries do not lead to that root
 */
export async function requirePrefix(head: Pick<LogHead, 'size' | 'root'>, log: LogStore): Promise<void> {
  await readEdge(head, log);
}

async function readEdge(
  { size, root }: Pick<LogHead, 'size' | 'root'>,
  log: Pick<LogStore, 'positions' | 'tiles'>,
): Promise<TreeEdge> {
  const readTile = createReadTile(log);
  const edge: (readonly Hash[])[] = [];
  for (let level = 0, nodes = size; nodes > 0; level += 1, nodes = Math.floor(nodes / tileWidth)) {
    const count = nodes % tileWidth;
    edge.push(count === 0 ? [] : await readTile({ level, index: Math.floor(nodes / tileWidth) }, count));
  }
  if (!rootOf(edge).equals(root)) throw damaged(`its first ${size} entries do not have the root that was recorded`);
  return edge;
}

function damaged(what: string): TenureError {
  return new TenureError('ledger_damaged', `the log was changed: ${what}`);
}
