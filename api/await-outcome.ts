import { TenureError } from '../domain/tenure-error.ts';
import type { OperationDocument } from '../store/documents.ts';
import type { Store } from '../store/store.ts';
import type { OperationWatch } from './operation-watch.ts';
import { operationBody, tenantBody } from './representations.ts';
import { etagOf } from './request-parsing.ts';
import { storedAnswer } from './answers.ts';
import type { SentAnswer } from './answers.ts';

/** The maximum for `Prefer: wait`. */
export const longestWaitSeconds = 60;

/** Seconds that the caller wants to wait for the outcome (RFC 7240). An unreadable preference is ignored. */
export function readPreferredWait(prefer: string | undefined): number | undefined {
  for (const preference of (prefer ?? '').split(',')) {
    const seconds = /^\s*wait\s*=\s*"?(\d{1,9})"?\s*(;|$)/i.exec(preference)?.[1];
    if (seconds !== undefined) return Math.min(Number(seconds), longestWaitSeconds);
  }
  return undefined;
}

export interface Wait {
  readonly seconds: number;
  /** The status of the route for a finished change. */
  readonly doneStatus: number;
  /** The subject of the waiting caller. */
  readonly subject: string;
}

/** Returns the answer of an accepted change once its operation has ended, or the original answer after the timeout. */
export type AwaitOutcome = (answer: SentAnswer, wait: Wait) => Promise<SentAnswer>;

export interface AwaitOutcomeDependencies {
  readonly store: Pick<Store, 'operations' | 'resources'>;
  readonly watch: OperationWatch;
}

const accepted = 202;

/**
 * Waits for the operation of a 202 answer; any other answer is returned unchanged. Once the operation has ended, the
 * status is that of a finished change, whatever the outcome; `operation.state` shows the outcome.
 */
export function createAwaitOutcome({ store, watch }: AwaitOutcomeDependencies): AwaitOutcome {
  /** The ended operation, or the last of the operations that follow it; `undefined` on timeout. */
  async function ended(operationId: string, deadline: number, subject: string): Promise<OperationDocument | undefined> {
    // It may have ended before the wait begins, for example if the answer is a repeated one.
    const found = await store.operations.find(operationId);
    const operation =
      found?.unfinished === true ? await watch.ended(operationId, deadline - performance.now(), subject) : found;
    return operation?.state === 'succeeded' && operation.next !== undefined
      ? ended(operation.next, deadline, subject)
      : operation;
  }

  async function outcomeOf(
    operationId: string,
    { headers, ...answer }: SentAnswer,
    { seconds, doneStatus, subject }: Wait,
  ): Promise<SentAnswer> {
    const operation = await ended(operationId, performance.now() + seconds * 1000, subject);
    if (operation === undefined) return { ...answer, headers };
    // A change returns the tenant and its operation, a cancellation only the operation.
    if (answer.about?.tenant === undefined)
      return storedAnswer({ status: doneStatus, body: operationBody(operation), headers });
    const tenant = await store.resources.findByUid('Tenant', operation.tenant.uid);
    // A purged tenant can no longer be read.
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
      // The change is accepted, even if its outcome cannot be read now.
      if (error instanceof TenureError && error.code === 'control_unavailable') return applied;
      // The change is accepted without a wait: a preference may be ignored.
      if (error instanceof TenureError && error.code === 'too_many_requests') return answer;
      throw error;
    }
  };
}
