import type { OperationKind } from '../../contracts/lifecycle.ts';
import type { FinalOperationState } from '../../contracts/operation-states.ts';

/** What callers and applications know: what they asked for and were told. The oracle holds the installation to it. */
export interface Recollection {
  readonly asked: Asked[];
  /** How operations were seen to end, by whoever waited for them. */
  readonly ends: SeenEnd[];
  readonly documents: WrittenDocument[];
  /** What a tenant's credential was let do in another tenant's data. */
  readonly trespasses: string[];
  /** So often was it refused. */
  refusedTrespasses: number;
}

/** A request that may have been sent many times, under one idempotency key, which is its correlation id too. */
export interface Asked {
  readonly key: string;
  /** In the words of the load, such as `suspend` or `suspend, preempting`. */
  readonly what: string;
  readonly tenant: string;
  /** Of the operation that it may begin. */
  readonly begins: OperationKind | undefined;
  readonly sentAt: number;
  /** Every answer that said it is done or accepted: one, or what was replayed. */
  readonly answers: Acknowledged[];
  /** The code that it was refused with at last. */
  refusal?: string;
  /** On the clock of `Date.now()`; absent while nobody knows what became of it. */
  answeredAt?: number;
  /** Sends it once more. */
  readonly repeat: () => Promise<Acknowledged>;
  /** Whether it carries a key: others may be repeated as they are. */
  readonly isKeyed: boolean;
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
  /** When the command was sent that was to make it durable. */
  sentAt: number;
  /** When mongod said that a majority has it. */
  acknowledgedAt?: number;
}

export function createRecollection(): Recollection {
  return { asked: [], ends: [], documents: [], trespasses: [], refusedTrespasses: 0 };
}
