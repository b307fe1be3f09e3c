import { TenureError } from '../domain/tenure-error.ts';
import type { OperationDocument } from '../store/documents.ts';
import type { Store } from '../store/store.ts';
import type { OperationWatch } from './operation-watch.ts';
import { operationBody, tenantBody } from './representations.ts';
import { etagOf } from './request-parsing.ts';
import { storedAnswer } from './answers.ts';
import type { SentAnswer } from './answers.ts';

/** What `Prefer: wait` may ask for at most. */
export const longestWaitSeconds = 60;

/** Seconds that a caller is ready to wait for the outcome (RFC 7240); what cannot be read asks for nothing. */
export function readPreferredWait(prefer: string | undefined): number | undefined {
  for (const preference of (prefer ?? '').split(',')) {
    const seconds = /^\s*wait\s*=\s*"?(\d{1,9})"?\s*(;|$)/i.exec(preference)?.[1];
    if (seconds !== undefined) return Math.min(Number(seconds), longestWaitSeconds);
  }
  return undefined;
}

export interface Wait {
  readonly seconds: number;
  /** The route's status for what is done. */
  readonly doneStatus: number;
  /** Who waits. */
  readonly subject: string;
}

/** The answer to an accepted change when its operation has ended, or as it was after the time given. */
export type AwaitOutcome = (answer: SentAnswer, wait: Wait) => Promise<SentAnswer>;

export interface AwaitOutcomeDependencies {
  readonly store: Pick<Store, 'operations' | 'resources'>;
  readonly watch: OperationWatch;
}

const accepted = 202;

/**
 * Waits for the operation that an answer of 202 names; any other answer is as it is. When it has ended the status is
 * that of what is done, however it ended: `operation.state` says how.
 */
export function createAwaitOutcome({ store, watch }: AwaitOutcomeDependencies): AwaitOutcome {
  /** As it ended, or as the one ended that follows it, and so on to the last; `undefined` when the time is up before. */
  async function ended(operationId: string, until: number, subject: string): Promise<OperationDocument | undefined> {
    // It may have ended before anybody waits, as where the answer is a repeated one.
    const found = await store.operations.find(operationId);
    const operation =
      found?.unfinished === true ? await watch.ended(operationId, until - performance.now(), subject) : found;
    return operation?.state === 'succeeded' && operation.next !== undefined
      ? ended(operation.next, until, subject)
      : operation;
  }

  async function outcomeOf(
    operationId: string,
    { headers, ...answer }: SentAnswer,
    { seconds, doneStatus, subject }: Wait,
  ): Promise<SentAnswer> {
    const operation = await ended(operationId, performance.now() + seconds * 1000, subject);
    if (operation === undefined) return { ...answer, headers };
    // A change answers with the tenant and its operation, a cancellation with the operation alone.
    if (answer.about?.tenant === undefined)
      return storedAnswer({ status: doneStatus, body: operationBody(operation), headers });
    const tenant = await store.resources.findByUid('Tenant', operation.tenant.uid);
    // Of a purged tenant there is nothing to read any more.
    const before: { tenant?: unknown } = tenant === undefined ? JSON.parse(answer.body.toString()) : {};
    return storedAnswer({
      status: doneStatus,
      body: { tenant: tenant === undefined ? before.tenant : tenantBody(tenant), operation: operationBody(operation) },
      headers: { ...headers, ...(tenant === undefined ? {} : { etag: etagOf(tenant.revision) }) },
    });
  }

  return async (answer, { seconds, ...wait }) => {
    const operationId = answer.status === accepted ? answer.about?.operation : undefined;
    if (operationId === undefined) return answer;
    const applied = { ...answer, headers: { ...answer.headers, 'preference-applied': `wait=${seconds}` } };
    try {
      return await outcomeOf(operationId, applied, { seconds, ...wait });
    } catch (error) {
      // It is accepted, whatever can be read of it now.
      if (error instanceof TenureError && error.code === 'control_unavailable') return applied;
      // So is what nobody waits for: a preference may be left aside.
      if (error instanceof TenureError && error.code === 'too_many_requests') return answer;
      throw error;
    }
  };
}
