import assert from 'node:assert/strict';
import type { LedgerEntry } from '../../contracts/ledger-entry.ts';

/** That what one entry of a tenant leaves is what the next finds; returns what the last one leaves. */
export function requireJoined(chain: readonly LedgerEntry[]): LedgerEntry['next'] {
  let standing: LedgerEntry['next'];
  for (const entry of chain) {
    if (entry.next === undefined) continue;
    // Two entries of one commit tell of one change.
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
