import { setTimeout as delay } from 'node:timers/promises';
import type { LedgerDraft } from '../../../store/ledger.ts';
import type { Store } from '../../../store/store.ts';
import { eventEntry } from './filled-ledger.ts';

/** Commits so many events of a tenant at once. Returns their ids. */
export async function commitEvents(store: Pick<Store, 'commit'>, uid: string, count: number): Promise<string[]> {
  return await store.commit(async (tx) => ({
    result: Array.from({ length: count }, (_, index) => tx.entryId(index)),
    entries: Array.from({ length: count }, (_, index) => eventEntry(uid, index)) as [LedgerDraft],
  }));
}

/** Does the work so often, one after the other, at a steady rate if each is done in time. */
export async function atRate(perSecond: number, times: number, work: () => Promise<void>): Promise<void> {
  const began = performance.now();
  for (let done = 0; done < times; done += 1) {
    await delay(Math.max(0, began + (1_000 * done) / perSecond - performance.now()));
    await work();
  }
}
