import { startable } from '../domain/workflow-inputs.ts';
import type { StoredOperation } from '../domain/workflow-inputs.ts';
import { TenureError } from '../domain/tenure-error.ts';
import { withinMs } from './deadline.ts';
import { errorFields } from './logging.ts';
import type { Logger } from './logging.ts';
import type { WorkflowStarters } from './workflow-starters.ts';

/** An accepted request must be answered soon, even if Temporal becomes unavailable at this moment. */
const temporalTimeoutMs = 2_000;

/**
 * Starts accepted work in Temporal. It never fails: if Temporal does not start the work now, the sweep does so later.
 */
export type StartOrDefer = (
  what: string,
  about: { readonly operationId?: string; readonly rollout?: string; readonly webhook?: string },
  work: Promise<void>,
) => Promise<void>;

export function createStartOrDefer(logger: Pick<Logger, 'warn'>): StartOrDefer {
  return async (what, about, work) => {
    try {
      await withinMs(
        temporalTimeoutMs,
        work,
        () => new TenureError('temporal_unavailable', 'Temporal did not respond in time'),
      );
    } catch (error) {
      logger.warn(`${what} is left to the sweep`, { ...about, ...errorFields(error) });
    }
  };
}

/** Starts the workflow of an accepted operation of a tenant with this plan, now or in the sweep. It never fails. */
export type StartAccepted = (operation: StoredOperation, plan: string) => Promise<void>;

export function createStartAccepted(
  startOrDefer: StartOrDefer,
  startOperation: WorkflowStarters['startOperation'],
): StartAccepted {
  return (operation, plan) =>
    startOrDefer('the accepted workflow', { operationId: operation._id }, startOperation(startable(operation, plan)));
}
