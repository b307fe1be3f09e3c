import type { WebhookEndpointDocument } from '../../store/documents.ts';
import type { LoggedEvent } from '../../store/events.ts';
import type { Store } from '../../store/store.ts';
import type { WebhookAttemptDocument, WebhookDeliveryDocument } from '../../store/webhook-documents.ts';
import { pauseAfter, retryDelay } from '../../domain/webhook-schedule.ts';
import { eventBody } from '../events/event-body.ts';
import { forEachConcurrent } from '../../platform/each-at-most.ts';
import { isGone } from './post-event.ts';
import type { Post, PostResult } from './post-event.ts';
import { signedHeaders } from './signature.ts';
import type { SigningKey } from './signature.ts';

/** An event to send, and its delivery if it was sent or kept before. */
export interface EventToSend {
  readonly event: LoggedEvent;
  readonly delivery?: WebhookDeliveryDocument;
}

/** What is to be written after events were sent. */
export interface Sent {
  readonly attempts: readonly WebhookAttemptDocument[];
  readonly delivered: readonly EventToSend[];
  /** Not delivered, and without a delivery before: as they are now. */
  readonly kept: readonly WebhookDeliveryDocument[];
  /** Not delivered, with a delivery before: as they are now. */
  readonly changed: readonly WebhookDeliveryDocument[];
  /** Attempts that failed by the receiver's fault. */
  readonly failures: number;
  /** How long nothing is to be sent, in milliseconds. */
  readonly pauseMs: number;
  /** Whether the receiver does not exist any more, as it says. */
  readonly isGone: boolean;
}

export interface SendDependencies {
  readonly store: Pick<Store, 'clock' | 'newId'>;
  /** @throws the reason of `signal` */
  readonly post: (post: Post, signal: AbortSignal) => Promise<PostResult>;
  readonly observe: (outcome: PostResult['outcome'], seconds: number) => void;
}

/** At the same time, to one endpoint. */
const concurrency = 20;
/** A fault of the plane is no reason to wait for long. */
const planeRetryMs = 30_000;
const contentType = 'application/cloudevents+json; charset=utf-8';
const userAgent = 'Tenure-Webhooks/1.0';

export type SendEvents = (
  endpoint: WebhookEndpointDocument,
  keys: readonly SigningKey[],
  events: readonly EventToSend[],
  signal: AbortSignal,
) => Promise<Sent>;

/**
 * Sends events to an endpoint, each once. With order, those of one tenant are sent one after the other, and after a
 * failure the others of this tenant are kept.
 * @throws the reason of `signal`
 */
export function createSendEvents({ store, post, observe }: SendDependencies): SendEvents {
  const groupsOf = (endpoint: WebhookEndpointDocument, events: readonly EventToSend[]): readonly EventToSend[][] =>
    endpoint.spec.order === 'none'
      ? events.map((event) => [event])
      : [...Map.groupBy(events, ({ event }) => event.tenant).values()];

  return async (endpoint, keys, events, signal) => {
    const { _id: uid, spec } = endpoint;
    const attempts: WebhookAttemptDocument[] = [];
    const delivered: EventToSend[] = [];
    const kept: WebhookDeliveryDocument[] = [];
    const changed: WebhookDeliveryDocument[] = [];
    let [failures, pauseMs, wasGone] = [0, 0, false];

    function leave({ delivery }: EventToSend, document: WebhookDeliveryDocument): void {
      (delivery === undefined ? kept : changed).push(document);
    }

    async function attempt(toSend: EventToSend): Promise<boolean> {
      const { event, delivery } = toSend;
      const body = Buffer.from(JSON.stringify(eventBody(event)));
      const time = store.clock.now();
      const began = performance.now();
      const headers = {
        'content-type': contentType,
        'user-agent': userAgent,
        ...signedHeaders(keys, event.entry.id, time, body),
      };
      const result = await post({ url: spec.url, headers, body }, signal);
      const durationMs = Math.round(performance.now() - began);
      observe(result.outcome, durationMs / 1000);
      const made = (delivery?.attempts ?? 0) + 1;
      const { status, detail, excerpt, outcome } = result;
      attempts.push({
        _id: store.newId(),
        endpoint: uid,
        event: event.entry.id,
        type: event.type,
        tenant: event.tenant,
        number: made,
        time,
        durationMs,
        outcome,
        ...(status === undefined ? {} : { status }),
        ...(detail === undefined ? {} : { detail }),
        ...(excerpt === undefined ? {} : { excerpt }),
      });
      if (outcome === 'delivered') {
        delivered.push(toSend);
        return true;
      }
      if (result.fault === 'receiver') failures += 1;
      pauseMs = Math.max(pauseMs, pauseAfter(status, result.retryAfterMs));
      wasGone ||= isGone(result);
      leave(toSend, { ...deliveryOf(uid, event), ...after(result, outcome, made) });
      return false;
    }

    function after(
      { fault, status, detail, retryAfterMs }: PostResult,
      code: Exclude<PostResult['outcome'], 'delivered'>,
      made: number,
    ): Pick<WebhookDeliveryDocument, 'state' | 'attempts' | 'nextTime' | 'failure'> {
      const now = store.clock.now();
      const counted = fault === 'receiver' ? made : made - 1;
      const delay =
        fault === 'receiver' ? retryDelay({ attempts: made, retryAfterMs, random: Math.random() }) : planeRetryMs;
      return {
        attempts: counted,
        state: delay === undefined ? 'dead' : 'retrying',
        nextTime: delay === undefined ? null : new Date(now.getTime() + delay),
        failure: {
          code,
          ...(status === undefined ? {} : { status }),
          ...(detail === undefined ? {} : { detail }),
          time: now,
          fault,
        },
      };
    }

    await forEachConcurrent(concurrency, groupsOf(endpoint, events), async (group) => {
      const rest = group.values();
      for (const event of rest) {
        if (await attempt(event)) continue;
        for (const next of rest) leave(next, waiting(uid, next.event));
      }
    });
    return { attempts, delivered, kept, changed, failures, pauseMs, isGone: wasGone };
  };
}

function deliveryOf(
  endpoint: string,
  { index, tenant, type, entry }: LoggedEvent,
): Omit<WebhookDeliveryDocument, 'state' | 'attempts' | 'nextTime' | 'failure'> {
  return { _id: { endpoint, event: entry.id }, index, tenant, type, eventTime: new Date(entry.time) };
}

/** The delivery of an event that waits for an earlier one of its tenant. */
export function waiting(endpoint: string, event: LoggedEvent): WebhookDeliveryDocument {
  return { ...deliveryOf(endpoint, event), state: 'waiting', attempts: 0, nextTime: null, failure: null };
}
