import assert from 'node:assert/strict';
import type { Store } from '../../store/store.ts';
import { anyEntry } from './control-store.ts';

/** A delivery that was given up, to an endpoint that is not declared. Returns the endpoint's uid. */
export async function keepDeadDelivery(store: Store): Promise<string> {
  const endpoint = store.newId();
  await store.commit(async (tx) => {
    await store.webhookProgress.begin(tx, endpoint, 0);
    return { result: undefined, entries: [anyEntry(endpoint)] };
  });
  const progress = await store.webhookProgress.find(endpoint);
  assert.ok(progress !== undefined);
  const delivery = {
    _id: { endpoint, event: store.newId() },
    index: 0,
    tenant: null,
    type: 'plan.deleted.v1',
    eventTime: new Date(),
    state: 'dead',
    attempts: 10,
    nextTime: null,
    failure: null,
  } as const;
  await store.recordWebhookTurn({ progress, advance: {}, kept: [delivery] });
  return endpoint;
}
