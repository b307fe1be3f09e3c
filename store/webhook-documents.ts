import type { EventType } from '../contracts/event-types.ts';
import type { DeliveryFailure, DeliveryState, WebhookAttempt } from '../contracts/webhooks.ts';
import type { SealedSecret } from './documents.ts';

/** How far the deliveries to one endpoint are. */
export interface WebhookProgressDocument {
  /** Uid of the endpoint. */
  _id: string;
  /** Every event before this index of the log was delivered, or has a delivery of its own. */
  from: number;
  /** Increases whenever `from` does: of two turns at the same time, one is refused. */
  turn: number;
  /** Events of the log from `at` on, before `to`, are sent again; null: none. */
  replay: { at: number; to: number } | null;
  /** Since when nothing was accepted, although something was sent. */
  failingSince: Date | null;
  /** How many failed attempts there were since then. */
  failures: number;
  /** How many warnings were recorded since then. */
  warnings: number;
  /** Nothing is sent before this time: the receiver asked for it. */
  pauseUntil: Date | null;
  lastDeliveryTime: Date | null;
  /** When a worker was last at it. */
  attendTime: Date;
}

/** An event that is not delivered yet, although it was taken from the log. */
export interface WebhookDeliveryDocument {
  _id: { endpoint: string; event: string };
  /** Index of the event in the log. */
  index: number;
  tenant: string | null;
  type: EventType;
  eventTime: Date;
  state: DeliveryState;
  attempts: number;
  nextTime: Date | null;
  failure: { code: DeliveryFailure; status?: number; detail?: string; time: Date; fault: 'receiver' | 'plane' } | null;
}

/** One attempt. It is an observation, and is removed after some weeks. */
export interface WebhookAttemptDocument {
  _id: string;
  endpoint: string;
  event: string;
  type: EventType;
  tenant: string | null;
  number: number;
  time: Date;
  durationMs: number;
  outcome: WebhookAttempt['outcome'];
  status?: number;
  detail?: string;
  excerpt?: string;
}

/** A key that signs deliveries to an endpoint. */
export interface WebhookKeyDocument {
  _id: string;
  endpoint: string;
  algorithm: 'hmac-sha256' | 'ed25519';
  /** The secret, or the private key. */
  sealed: SealedSecret;
  publicKey?: string;
  createTime: Date;
  /** It signs until then; null for the current key. */
  expireTime: Date | null;
}
