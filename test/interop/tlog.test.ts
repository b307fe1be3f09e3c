import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { consistencyRanges, inclusionRanges, leafHash } from '../../contracts/log/merkle-tree.ts';
import { addLeaves, emptyEdge, rangeRoots, rootOf, tileWidth } from '../../contracts/log/tiles.ts';
import type { Hash } from '../../contracts/log/merkle-tree.ts';
import { createHeadSigner } from '../../engines/ledger/head-signer.ts';

/** Needs Go, and its module proxy at the first time: see CONTRIBUTING.md. */
const isAsked = process.env['TENURE_GO_INTEROP'] === '1';
const hasGo = spawnSync('go', ['version']).status === 0;
const skip = !isAsked ? 'TENURE_GO_INTEROP=1 is not set' : !hasGo ? 'Go is not installed, or not on the PATH' : false;

const sizes = [1, 2, 255, 256, 300, 700];

test('Go’s note and tlog open the signed heads, and accept the proofs', { skip }, async () => {
  const leaves = Array.from({ length: 700 }, (_, index) => JSON.stringify({ index }));
  const hashes = leaves.map((leaf) => leafHash(Buffer.from(leaf)));
  const readIn =
    (size: number) =>
    async ({ level, index }: { readonly level: number; readonly index: number }): Promise<readonly Hash[]> => {
      if (level === 0) return hashes.slice(index * tileWidth, Math.min(size, (index + 1) * tileWidth));
      const { full } = addLeaves(emptyEdge, hashes.slice(0, size));
      const roots = full.filter((tile) => tile.level === 0);
      return Promise.all(roots.map(async (tile) => rootOf(addLeaves(emptyEdge, tile.hashes).edge)));
    };
  const text = (all: readonly Hash[]): string[] => all.map((hash) => hash.toString('base64'));
  const signer = createHeadSigner('interop', [generateKeyPairSync('ed25519').privateKey]);
  const size = sizes.at(-1)!;
  const input = {
    key: signer.keys[0],
    notes: sizes.map((one) =>
      signer.sign({ size: one, root: rootOf(addLeaves(emptyEdge, hashes.slice(0, one)).edge) }),
    ),
    records: await Promise.all(
      [0, 1, 254, 255, 256, 511, 512, 699].map(async (index) => ({
        index,
        leaf: leaves[index],
        proof: text(await rangeRoots(inclusionRanges(index, size), size, readIn(size))),
      })),
    ),
    trees: await Promise.all(
      sizes
        .slice(1)
        .map(async (one, at) =>
          text(await rangeRoots(consistencyRanges({ earlier: sizes[at]!, size: one }), one, readIn(one))),
        ),
    ),
  };
  const check = (given: object): { readonly status: number | null; readonly output: string } => {
    const { status, stdout, stderr } = spawnSync('go', ['run', '.'], {
      cwd: fileURLToPath(new URL('./tlog', import.meta.url)),
      input: JSON.stringify(given),
      encoding: 'utf8',
    });
    return { status, output: stdout + stderr };
  };
  const { status, output } = check(input);
  assert.deepEqual([status, output], [0, '6 notes, 8 records, 5 trees\n']);
  // It would refuse another leaf.
  const [first, ...rest] = input.records;
  assert.equal(check({ ...input, records: [{ ...first, leaf: '{}' }, ...rest] }).status, 1);
});
