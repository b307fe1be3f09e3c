import assert from 'node:assert/strict';
import type { LedgerEntry } from '../../contracts/ledger-entry.ts';

/** Checks that each entry of a tenant begins with the state that the previous entry left. Returns the last state. */
export function requireJoined(chain: readonly LedgerEntry[]): LedgerEntry['next'] {
  let standing: LedgerEntry['next'];
  for (const entry of chain) {
    if (entry.next === undefined) continue;
    // Two entries of one commit describe the same change.
    if (entry.next.revision === standing?.revision) assert.deepEqual(entry.next, standing, entry.action);
    else assert.deepEqual(entry.previous, standing, `${entry.action} ${entry.step ?? ''}`);
    standing = entry.next;
  }
  return standing;
}

/** An entry in a few words: what was done, how it went, at which step, and why not. */
export function inShort({ action, outcome, step, reason }: LedgerEntry): string {
  return [action, outcome, step, reason].filter((part) => part !== undefined).join(' ');
}
