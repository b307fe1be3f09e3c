import type { Collection } from 'mongodb';
import type { LedgerDocument } from '../../../store/documents.ts';
import { sealEntry } from '../../../store/ledger.ts';
import type { LedgerDraft } from '../../../store/ledger.ts';
import { anyEntry, caller } from '../../harness/control-store.ts';
import type { ControlStore } from '../../harness/control-store.ts';

const batch = 2_000;
/** Entries are spread over so many tenants and people. */
const tenantCount = 1_000;

export interface LedgerFiller {
  readonly tenants: readonly string[];
  /** Inserts so many entries, as commits leave them, but without their transactions. */
  fill(count: number): Promise<void>;
}

/** An entry of a tenant that has an event. */
export function eventEntry(uid: string, generation: number): LedgerDraft {
  return {
    ...anyEntry(uid),
    event: {
      type: 'tenant.updated.v1',
      data: { tenant: { uid, name: `tenant-${uid.slice(-8)}` }, lifecycle: 'Draft', generation },
    },
  };
}

export function createLedgerFiller({ store, control, databases }: ControlStore): LedgerFiller {
  const ledger: Collection<LedgerDocument> = control.db(databases.control).collection('ledger');
  const tenants = Array.from({ length: tenantCount }, () => store.newId());
  let written = 0;
  const next = (): LedgerDocument => {
    const number = (written += 1);
    const draft = {
      ...eventEntry(tenants[number % tenantCount] ?? '', number),
      actor: { ...caller.actor, subject: `person-${number % 977}@example.com` },
      correlationId: `correlation-${number % 9_973}`,
    };
    return sealEntry(draft, { id: store.newId(), time: store.clock.now(), installation: 'bench' });
  };
  return {
    tenants,
    async fill(count) {
      for (let left = count; left > 0; left -= batch)
        await ledger.insertMany(Array.from({ length: Math.min(batch, left) }, next), { ordered: false });
    },
  };
}
