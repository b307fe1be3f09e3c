import type { OperationKind } from '../../contracts/lifecycle.ts';
import type { FinalOperationState } from '../../contracts/operation-states.ts';

/** What callers and applications know: their requests and the answers. The oracle compares the installation with it. */
export interface Recollection {
  readonly asked: Asked[];
  /** How operations ended, as callers that waited for them saw it. */
  readonly ends: SeenEnd[];
  readonly documents: WrittenDocument[];
  /** What a tenant's credential was allowed to do with another tenant's data. */
  readonly trespasses: string[];
  /** How often such an attempt was refused. */
  refusedTrespasses: number;
}

/** A request that may have been sent many times under one idempotency key, which is also its correlation id. */
export interface Asked {
  readonly key: string;
  /** What is requested, such as `suspend` or `suspend, preempting`. */
  readonly what: string;
  readonly tenant: string;
  /** The kind of the operation that it may start. */
  readonly begins: OperationKind | undefined;
  readonly sentAt: number;
  /** Each time that it was sent, in order. */
  readonly attempts: Attempt[];
  /** Every answer that says it is done or accepted: one, or more if an answer was replayed. */
  readonly answers: Acknowledged[];
  /** The code with which it was refused in the end. */
  refusal?: string;
  /** From `Date.now()`; absent until its outcome is known. */
  answeredAt?: number;
  /** Sends it again. */
  readonly repeat: () => Promise<Acknowledged>;
  /** Whether it has a key. A request without one is safe to repeat anyway. */
  readonly isKeyed: boolean;
}

export interface Attempt {
  /** Which API it was sent to, from 1. */
  readonly api: number;
  /** From `Date.now()`. */
  readonly at: number;
  over?: number;
  /** What the caller saw: a status, a code, or why it gave up. */
  seen?: string;
}

export interface Acknowledged {
  readonly status: number;
  readonly body: unknown;
}

export interface SeenEnd {
  readonly operation: string;
  readonly kind: OperationKind;
  readonly uid: string;
  readonly state: FinalOperationState;
  readonly seenAt: number;
}

/** One document that a tenant's application tried to write with its own credential. */
export interface WrittenDocument {
  readonly id: string;
  readonly uid: string;
  readonly collection: string;
  /** When the command that makes it durable was sent. */
  sentAt: number;
  /** When mongod acknowledged that a majority has it. */
  acknowledgedAt?: number;
}

export function createRecollection(): Recollection {
  return { asked: [], ends: [], documents: [], trespasses: [], refusedTrespasses: 0 };
}
