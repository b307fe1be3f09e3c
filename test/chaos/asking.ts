import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createApiClient } from '../../client/api-client.ts';
import type { ApiClient } from '../../client/api-client.ts';
import { ApiError } from '../../client/api-error.ts';
import type { OperationKind } from '../../contracts/lifecycle.ts';
import type { Installation } from '../harness/installation.ts';
import type { Chance } from './chance.ts';
import type { Acknowledged, Asked, Attempt, Recollection } from './recollection.ts';

/** Passed each time a request is sent. */
interface Once {
  readonly idempotencyKey: string;
  readonly signal: AbortSignal;
}

/** A request that a caller wants to make. */
export interface Wish {
  readonly what: string;
  readonly tenant: string;
  readonly begins?: OperationKind;
  readonly isKeyed: boolean;
  readonly send: (api: ApiClient, once: Once) => Promise<Acknowledged>;
}

export interface Asker {
  /** A client of one of the APIs. It does not retry. */
  client(subject: string, correlationId?: string): ApiClient;
  /**
   * Sends a request until it is answered, each time to any of the APIs, under one key. Some callers are impatient: they
   * abandon a request that may still be answered and repeat it, or send it twice at once.
   */
  ask(subject: string, wish: Wish): Promise<Asked>;
}

type Replica = Installation['replicas'][number];

export interface AskerOptions {
  readonly installation: Pick<Installation, 'replicas' | 'token'>;
  readonly recollection: Recollection;
  readonly chance: Chance;
}

/** How long a caller tries to get an answer. No process is down or paused for nearly as long. */
const askForMs = 240_000;
/** A paused process does not answer, but another one does. */
const patienceMs = 12_000;
const impatienceMs = 600;
const impatientShare = 0.15;
const twiceShare = 0.1;
const retryMs = { least: 50, span: 700 };

function isNotNow(error: unknown): boolean {
  return (
    !(error instanceof ApiError) ||
    error.problem.status === 503 ||
    error.problem.status === 429 ||
    error.code === 'idempotency_in_progress'
  );
}

export function createAsker({ installation: { replicas, token }, recollection, chance }: AskerOptions): Asker {
  const clientOf = ({ server }: Replica, subject: string, correlationId?: string): ApiClient =>
    createApiClient({
      server,
      token: () => token({ subject }),
      retryForMs: 0,
      ...(correlationId === undefined ? {} : { correlationId }),
    });

  /** Sends a wish until it is answered. @throws ApiError if it is refused; the last error if no API answers in time */
  async function answered(subject: string, key: string, { send }: Wish, attempts: Attempt[]): Promise<Acknowledged> {
    const deadline = Date.now() + askForMs;
    for (;;) {
      const timeoutMs = chance.happens(impatientShare) ? chance.number(impatienceMs) : patienceMs;
      const replica = chance.one(replicas);
      const attempt: Attempt = { api: 1 + replicas.indexOf(replica), at: Date.now() };
      attempts.push(attempt);
      try {
        const answer = await send(clientOf(replica, subject, key), {
          idempotencyKey: key,
          signal: AbortSignal.timeout(Math.ceil(timeoutMs)),
        });
        Object.assign(attempt, { over: Date.now(), seen: String(answer.status) });
        return answer;
      } catch (error) {
        Object.assign(attempt, { over: Date.now(), seen: error instanceof ApiError ? error.code : 'no answer' });
        if (!isNotNow(error) || Date.now() > deadline) throw error;
        await delay(retryMs.least + chance.number(retryMs.span));
      }
    }
  }

  return {
    client: (subject, correlationId) => clientOf(chance.one(replicas), subject, correlationId),
    async ask(subject, wish) {
      const key = randomUUID();
      const { what, tenant, begins, isKeyed } = wish;
      const attempts: Attempt[] = [];
      const send = (): Promise<Acknowledged> => answered(subject, key, wish, attempts);
      const asked: Asked = {
        key,
        what,
        tenant,
        begins,
        isKeyed,
        sentAt: Date.now(),
        attempts,
        answers: [],
        repeat: send,
      };
      recollection.asked.push(asked);
      const isTwice = isKeyed && chance.happens(twiceShare);
      const answers = await Promise.allSettled(Array.from({ length: isTwice ? 2 : 1 }, send));
      for (const answer of answers) {
        if (answer.status === 'fulfilled') asked.answers.push(answer.value);
        else if (!isNotNow(answer.reason)) asked.refusal = (answer.reason as ApiError).code;
      }
      if (asked.answers.length > 0 || asked.refusal !== undefined) asked.answeredAt = Date.now();
      return asked;
    },
  };
}
