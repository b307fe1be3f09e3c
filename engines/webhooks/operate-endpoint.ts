import type { PolicyAction, PolicyDecision } from '../../contracts/policy.ts';
import type { Transaction } from '../../store/commit.ts';
import type { WebhookEndpointDocument } from '../../store/documents.ts';
import type { LedgerDraft } from '../../store/ledger.ts';
import { stateReference } from '../../store/resources.ts';
import type { Store } from '../../store/store.ts';
import { callerEntry } from '../requests/caller.ts';
import type { Caller } from '../requests/caller.ts';
import type { SealedSigningKey, WebhookKeys } from './webhook-keys.ts';

/** Who does it, and the decision that allows it. */
export interface Permitted {
  readonly caller: Caller;
  readonly policy: PolicyDecision;
}

function entryOf(
  action: PolicyAction,
  { caller, policy }: Permitted,
  { _id: uid, name }: WebhookEndpointDocument,
): LedgerDraft {
  return {
    ...callerEntry(caller),
    action,
    target: { kind: 'WebhookEndpoint', name, uid },
    outcome: 'succeeded',
    policy,
  };
}

export interface RotatedSecret extends Pick<SealedSigningKey, 'secret' | 'publicKey'> {
  readonly key: string;
  /** Until then the previous keys sign too. */
  readonly previousUntil: Date;
}

/** Gives an endpoint a new key, of the kind that it declares. @throws TenureError keys_unavailable */
export async function rotateSecret(
  {
    store,
    keys,
  }: { readonly store: Pick<Store, 'commit' | 'webhookKeys'>; readonly keys: Pick<WebhookKeys, 'create'> },
  permitted: Permitted,
  endpoint: WebhookEndpointDocument,
  overlapMs: number,
): Promise<RotatedSecret> {
  const { document, ...shown } = await keys.create(endpoint._id, endpoint.spec.signature);
  return await store.commit(async (tx) => {
    const previousUntil = new Date(tx.time.getTime() + overlapMs);
    await store.webhookKeys.rotate(tx, { ...document, createTime: tx.time }, previousUntil);
    return {
      result: { ...shown, key: document._id, previousUntil },
      entries: [entryOf('webhook.rotate_secret', permitted, endpoint)],
    };
  });
}

/** Commits an event that only this endpoint gets. Returns its id. */
export async function testEndpoint(
  store: Pick<Store, 'commit'>,
  permitted: Permitted,
  endpoint: WebhookEndpointDocument,
  alsoCommit: (tx: Transaction, event: string) => Promise<void>,
): Promise<string> {
  const { _id: uid, name } = endpoint;
  return await store.commit(async (tx) => {
    const event = tx.entryId();
    await alsoCommit(tx, event);
    return {
      result: event,
      entries: [
        {
          ...entryOf('webhook.test', permitted, endpoint),
          event: { type: 'webhook.tested.v1', data: { webhook: { uid, name } } },
        },
      ],
    };
  });
}

/**
 * Lets the plane send to an endpoint that it has disabled. An endpoint that is not disabled stays as it is.
 * @throws TenureError revision_stale
 */
export async function enableEndpoint(
  store: Pick<Store, 'commit' | 'resources' | 'webhookProgress'>,
  permitted: Permitted,
  endpoint: WebhookEndpointDocument,
): Promise<WebhookEndpointDocument> {
  if (endpoint.disabled === null) return endpoint;
  const { _id: uid, name, revision } = endpoint;
  return await store.commit(async (tx) => {
    const enabled = await store.resources.replace(tx, revision, {
      ...endpoint,
      disabled: null,
      revision: revision + 1,
      updateTime: tx.time,
    });
    await store.webhookProgress.forgive(tx, uid);
    return {
      result: enabled,
      entries: [
        {
          ...entryOf('webhook.enable', permitted, endpoint),
          previous: stateReference(endpoint),
          next: stateReference(enabled),
          event: { type: 'webhook.enabled.v1', data: { webhook: { uid, name } } },
        },
      ],
    };
  });
}

/** A part of the log, by the time of its entries. */
export interface TimeRange {
  readonly since: Date;
  /** Until now, if absent. */
  readonly until?: Date | undefined;
}

/** Sends the events of a part of the log again, whether or not they were delivered. Returns how many entries it has. */
export async function replayEvents(
  store: Pick<Store, 'commit' | 'events' | 'webhookProgress'>,
  permitted: Permitted,
  endpoint: WebhookEndpointDocument,
  { since, until }: TimeRange,
): Promise<number> {
  const at = await store.events.indexSince(since);
  const to = until === undefined ? await store.events.end() : await store.events.indexSince(until);
  const entries = Math.max(0, to - at);
  return await store.commit(async (tx) => {
    if (entries > 0) await store.webhookProgress.replay(tx, endpoint._id, at, to);
    return { result: entries, entries: [entryOf('webhook.replay', permitted, endpoint)] };
  });
}

/** Lets dead deliveries be sent again: those of these events, or all. Returns how many. */
export async function requeueDeliveries(
  store: Pick<Store, 'commit' | 'webhookDeliveries'>,
  permitted: Permitted,
  endpoint: WebhookEndpointDocument,
  events: readonly string[] | undefined,
): Promise<number> {
  return await store.commit(async (tx) => ({
    result: await store.webhookDeliveries.requeue(tx, endpoint._id, events),
    entries: [entryOf('webhook.requeue', permitted, endpoint)],
  }));
}
