import { completeRoot } from '../../contracts/log/merkle-tree.ts';
import type { Hash } from '../../contracts/log/merkle-tree.ts';
import { tileWidth } from '../../contracts/log/tiles.ts';
import type { ReadTile } from '../../contracts/log/tiles.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { LogStore } from '../../store/log.ts';

const remembered = 256;

/** Reads tiles of the stored log, and remembers the latest ones. The right edge, which is not stored, is computed. */
export function createReadTile({ positions, tiles }: Pick<LogStore, 'positions' | 'tiles'>): ReadTile {
  const known = new Map<string, Promise<readonly Hash[]>>();

  async function stored(level: number, index: number, width: number): Promise<readonly Hash[]> {
    if (width === tileWidth) return (await tiles(level, index, 1))[0]?.hashes ?? [];
    const first = index * tileWidth;
    if (level === 0) return (await positions(first, width)).map(({ hash }) => hash);
    return (await tiles(level - 1, first, width)).map(({ hashes }) => completeRoot(hashes));
  }

  return async ({ level, index }, width) => {
    const key = `${level}/${index}/${width}`;
    const found = known.get(key) ?? stored(level, index, width);
    known.delete(key);
    known.set(key, found);
    for (const oldest of known.keys()) {
      if (known.size <= remembered) break;
      known.delete(oldest);
    }
    const hashes = await found;
    if (hashes.length === width) return hashes;
    known.delete(key);
    throw new TenureError('ledger_damaged', `the log was changed: tile ${level}/${index} of its tree has gaps`);
  };
}
