import { randomBytes } from 'node:crypto';
import { Binary } from 'mongodb';
import { canonicalBytes, canonicalDigest } from '../contracts/canonical-json.ts';
import { ledgerEntrySchema, targetWord } from '../contracts/ledger-entry.ts';
import type { LedgerEntry } from '../contracts/ledger-entry.ts';
import type { ControlDatabase } from './control-database.ts';
import type { CommitmentOpening, LedgerDocument } from './documents.ts';

/** An entry as its author writes it; the ledger adds id, time and installation, and hides personal values. */
export interface LedgerDraft extends Omit<LedgerEntry, 'v' | 'id' | 'time' | 'installation' | 'actor'> {
  readonly actor: { readonly subject: string; readonly roles: readonly string[]; readonly onBehalfOf?: string };
}

const saltBytes = 16;

/** The value that replaces a personal one in an entry. */
export function commitment(salt: string, value: string): string {
  return canonicalDigest([salt, value]);
}

/** Turns a draft into its stored form: the exact bytes, and next to them the openings of the commitments. */
export function sealEntry(draft: LedgerDraft, stamp: { id: string; time: Date; installation: string }): LedgerDocument {
  const openings: CommitmentOpening[] = [];
  const commit = (pointer: string, value: string): string => {
    const salt = randomBytes(saltBytes).toString('base64url');
    openings.push({ pointer, salt, value });
    return commitment(salt, value);
  };
  const { actor, ...rest } = draft;
  const entry = ledgerEntrySchema.parse({
    ...rest,
    v: 1,
    id: stamp.id,
    time: stamp.time.toISOString(),
    installation: stamp.installation,
    actor: {
      subject: commit('/actor/subject', actor.subject),
      roles: [...actor.roles],
      ...(actor.onBehalfOf === undefined ? {} : { onBehalfOf: commit('/actor/onBehalfOf', actor.onBehalfOf) }),
    },
  });
  const { kind, name, uid } = entry.target;
  return {
    _id: stamp.id,
    bytes: new Binary(canonicalBytes(entry)),
    tenant: entry.tenant ?? null,
    action: entry.action,
    target: `${targetWord(kind)}/${name ?? uid ?? ''}`,
    outcome: entry.outcome,
    operationId: entry.operationId ?? null,
    requestId: entry.requestId,
    correlationId: entry.correlationId,
    time: stamp.time,
    openings,
  };
}

export interface LedgerStore {
  /** Entries in the order of their creation, oldest first. */
  entries(filter: { tenant?: string; operationId?: string; requestId?: string }): Promise<LedgerDocument[]>;
}

export function createLedgerStore({ ledger }: ControlDatabase): LedgerStore {
  return {
    entries: (filter) => ledger.find(filter).sort({ _id: 1 }).toArray(),
  };
}
