import { createHash } from 'node:crypto';
import { apiVersion } from '../../contracts/manifests/metadata.ts';
import type { WebhookEndpointSpec } from '../../contracts/manifests/webhook-endpoint.ts';
import type { LoggedEvent } from '../../store/events.ts';
import type { Installation } from '../harness/installation.ts';
import { untilAllSequenced } from '../harness/log-check.ts';
import { until } from '../harness/until.ts';
import { startReceiver } from '../harness/webhook-receiver.ts';
import type { WebhookReceiver } from '../harness/webhook-receiver.ts';
import type { Findings } from './oracle/finding.ts';

/** Services that get events by webhook while processes are struck. */
export interface Subscribers {
  /** Checks that each got every event that it was to get, and the ordered one in order. Returns how many came. */
  check(findings: Findings): Promise<{ readonly events: number; readonly deliveries: number }>;
  close(): Promise<void>;
}

interface Subscriber {
  readonly name: string;
  readonly uid: string;
  readonly receiver: WebhookReceiver;
  /** The end of the log when it was declared. */
  readonly from: number;
  readonly isOrdered: boolean;
}

/** One event in ten is refused when it comes for the first time. */
const isRefusedOnce = (id: string): boolean => createHash('sha256').update(id).digest()[0]! < 26;

async function startSubscriber(
  { client, store }: Pick<Installation, 'client' | 'store'>,
  name: string,
  spec: Partial<WebhookEndpointSpec>,
): Promise<Subscriber> {
  const known = new Set<string>();
  const receiver = await startReceiver((response, { event: { id } }) => {
    const refused = isRefusedOnce(id) && !known.has(id);
    known.add(id);
    response.writeHead(refused ? 500 : 204).end();
  });
  const from = await store.log.size();
  const { body } = await client().call('putWebhook', {
    params: { name },
    ifNoneMatch: '*',
    body: { apiVersion, kind: 'WebhookEndpoint', metadata: { name }, spec: { url: receiver.url, ...spec } },
  });
  return { name, uid: body.metadata.uid, receiver, from, isOrdered: spec.order === 'tenant' };
}

/** The events of the log from an index on. */
async function eventsFrom({ store }: Pick<Installation, 'store'>, from: number): Promise<LoggedEvent[]> {
  const found: LoggedEvent[] = [];
  for (let at = from; ;) {
    const { events, readTo, isEnd } = await store.events.read({}, at, 500);
    found.push(...events.map(({ document }) => document));
    if (isEnd) return found;
    at = readTo;
  }
}

/** Declares two webhooks: one in any order, one in the order of each tenant. */
export async function startSubscribers(installation: Installation): Promise<Subscribers> {
  // What is sequenced later is theirs.
  await untilAllSequenced(installation);
  const subscribers = [
    await startSubscriber(installation, 'all-events', {}),
    await startSubscriber(installation, 'in-order', { order: 'tenant', signature: 'ed25519' }),
  ];

  async function untilDelivered({ name, uid }: Subscriber, end: number): Promise<void> {
    const { webhookProgress, webhookDeliveries } = installation.store;
    await until(`all events are delivered to ${name}`, async () => {
      const [progress, { retrying, waiting }] = [await webhookProgress.find(uid), await webhookDeliveries.counts(uid)];
      return progress !== undefined && progress.from >= end && retrying + waiting === 0;
    });
  }

  function checkOrder({ name, receiver }: Subscriber, findings: Findings): void {
    const last = new Map<string, string>();
    const seen = new Set<string>();
    for (const { event } of receiver.received) {
      if (seen.has(event.id)) continue;
      seen.add(event.id);
      const tenant = event.tenantid ?? '';
      if ((last.get(tenant) ?? '') > event.sequence)
        findings.add('order', `${name}: event ${event.sequence} of ${tenant} came after ${last.get(tenant)}`);
      last.set(tenant, event.sequence);
    }
  }

  return {
    async check(findings) {
      let [events, deliveries] = [0, 0];
      for (const subscriber of subscribers) {
        const { name, receiver, from, isOrdered } = subscriber;
        const expected = await eventsFrom(installation, from);
        await findings.check('undelivered', name, () => untilDelivered(subscriber, (expected.at(-1)?.index ?? 0) + 1));
        const got = new Set(receiver.received.map(({ event }) => event.id));
        const missing = expected.filter(({ entry }) => !got.has(entry.id));
        for (const { type, entry } of missing.slice(0, 5)) findings.add('undelivered', `${name}: ${type} ${entry.id}`);
        if (isOrdered) checkOrder(subscriber, findings);
        events += expected.length;
        deliveries += receiver.received.length;
      }
      return { events, deliveries };
    },
    async close() {
      await Promise.all(subscribers.map(({ receiver }) => receiver.close()));
    },
  };
}
