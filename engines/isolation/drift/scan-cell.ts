import { declaredTables } from '../../../domain/isolation.ts';
import type { CellWork, Home } from '../home.ts';
import { compareHome } from './compare-home.ts';
import type { DriftFinding } from '../../../domain/drift.ts';
import { listNames, observeHomes } from './observe-homes.ts';

/** Limits, so that mongod's answer about this many homes fits 16 MB. */
const maxHomes = 100;
const maxTables = 5_000;

function inChunks(homes: readonly Home[]): Home[][] {
  const chunks: Home[][] = [];
  let tablesLeft = 0;
  for (const home of homes) {
    const tables = declaredTables(home.spec);
    const last = chunks.at(-1);
    if (last === undefined || last.length === maxHomes || tablesLeft < tables) {
      chunks.push([home]);
      tablesLeft = maxTables - tables;
    } else {
      last.push(home);
      tablesLeft -= tables;
    }
  }
  return chunks;
}

/**
 * Scans homes of one cell, up to a hundred at a time, and returns for each how it differs from what is declared. It
 * changes nothing. A running operation is seen half-way: leave out homes with a running operation, and check findings
 * again before repairing them.
 * @throws TenureError cell_unavailable; what the lease throws
 */
export async function scanCell({
  homes,
  ...work
}: CellWork & { readonly homes: readonly Home[] }): Promise<Map<Home, DriftFinding[]>> {
  const names = await listNames(work, homes);
  const findings = new Map<Home, DriftFinding[]>();
  for (const chunk of inChunks(homes)) {
    for (const [home, observed] of await observeHomes(work, chunk, names))
      findings.set(home, compareHome(home, observed));
  }
  return findings;
}
