import { startable } from '../domain/workflow-inputs.ts';
import { newOperationOf } from '../engines/changes/change-request.ts';
import type { DueOutcome } from '../engines/upkeep/due-work.ts';
import { errorFields } from '../platform/logging.ts';
import type { Logger } from '../platform/logging.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { StartAccepted } from '../platform/start-or-defer.ts';
import { stateOf } from '../engines/webhooks/endpoint-state.ts';
import type { WorkflowStarters } from '../platform/workflow-starters.ts';
import type { OperationDocument } from '../store/documents.ts';
import type { Store } from '../store/store.ts';
import { asFailure } from './failure.ts';

export interface SweepActivities {
  /**
   * Starts the workflows of stalled operations, roll-outs and verifications, and those of webhooks that nobody is at; a
   * workflow that runs is left alone. Operations that no workflow has begun come first. However many there are, each gets its turn.
   */
  resumeStalledOperations(): Promise<{ readonly resumed: number }>;
  /** Starts purges and changes of plan that are due. */
  beginDueOperations(): Promise<{ readonly begun: number; readonly refused: number }>;
}

/** An operation whose workflow waits between two attempts is idle too; starting it then finds the running workflow. */
const idleMs = 5_000;
const batch = 500;
/** A worker that delivers to an endpoint says so more often, several times. */
const unattendedMs = 20_000;

/** How long one sweep starts operations of each kind: its other work must fit into its time as well. */
const defaultResumeMs = 5_000;

/** The number of due operations of each kind that one sweep starts: workers could not complete more in one interval. */
const dueBatch = 100;

export interface SweepDependencies extends WorkflowStarters {
  readonly store: Pick<Store, 'operations' | 'resources' | 'rollouts' | 'verifications' | 'webhookProgress'>;
  readonly startAccepted: StartAccepted;
  readonly beginDue: (limit: number) => Promise<DueOutcome[]>;
  /**
   * How long one sweep starts operations that have begun, and how long others, in milliseconds; it starts at least one
   * of each.
   */
  readonly resumeMs?: number;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'resumedOperations'>;
}

export function createSweepActivities({
  store,
  startOperation,
  startRollout,
  startVerification,
  startWebhook,
  cancelWorkflow,
  startAccepted,
  beginDue,
  resumeMs = defaultResumeMs,
  logger,
  metrics,
}: SweepDependencies): SweepActivities {
  /**
   * Where the last sweep stopped, if it could not start all of a kind. It may be lost: the next sweep then begins with
   * the oldest.
   */
  const stoppedAt = new Map<boolean, OperationDocument>();

  async function resume(operation: OperationDocument): Promise<void> {
    const { _id: operationId, tenant, cancelRequestTime, state } = operation;
    // An operation that waits between two attempts must receive its cancellation now, not at its next attempt.
    if (cancelRequestTime !== null && state === 'running') await cancelWorkflow({ operationId, tenant });
    const document = await store.resources.findByUid('Tenant', tenant.uid);
    await startOperation(startable(operation, document?.spec.plan ?? 'unknown'));
    metrics.resumedOperations.inc();
  }

  /** Starts all operations of one kind, or as many as time allows, from where the last sweep stopped. */
  async function resumeStalled(begun: boolean): Promise<number> {
    const deadline = performance.now() + resumeMs;
    let resumed = 0;
    for (;;) {
      const after = stoppedAt.get(begun);
      const page = await store.operations.stalled({
        idleMs,
        begun,
        limit: batch,
        ...(after === undefined ? {} : { after }),
      });
      for (const operation of page) {
        stoppedAt.set(begun, operation);
        try {
          await resume(operation);
          resumed += 1;
        } catch (error) {
          // An operation that cannot be started must not block the others; a later sweep tries it again.
          logger.warn('an idle operation could not be started', {
            operationId: operation._id,
            tenant: operation.tenant.name,
            ...errorFields(error),
          });
        }
        if (performance.now() >= deadline) return resumed;
      }
      if (page.length < batch) {
        stoppedAt.delete(begun);
        return resumed;
      }
    }
  }

  /** Starts what delivers to endpoints that get events, if no worker is at it. */
  async function resumeWebhooks(): Promise<void> {
    for (let after: string | undefined; ;) {
      const page = await store.resources.list('WebhookEndpoint', {
        limit: batch,
        ...(after === undefined ? {} : { after }),
      });
      const sending = page.filter((endpoint) => stateOf(endpoint) === 'sending');
      const unattended = await store.webhookProgress.unattended(
        sending.map(({ _id }) => _id),
        unattendedMs,
      );
      for (const { _id: uid, name } of sending)
        if (unattended.has(uid))
          await startWebhook({ uid, name }).catch((error: unknown) =>
            logger.warn('the workflow of a webhook could not be started', { webhook: name, ...errorFields(error) }),
          );
      if (page.length < batch) return;
      after = page.at(-1)?.name;
    }
  }

  return {
    async resumeStalledOperations() {
      try {
        const resumed = (await resumeStalled(false)) + (await resumeStalled(true));
        for (const { _id: id, template, version } of await store.rollouts.unfinished()) {
          await startRollout({ id, template: template.name, version }).catch((error: unknown) =>
            logger.warn('a roll-out could not be started', { rollout: id, ...errorFields(error) }),
          );
        }
        for (const { _id: pair, running, tenants } of await store.verifications.stalled(idleMs, batch)) {
          if (running !== null)
            await startVerification({ pair, id: running.id, names: tenants.map(({ name }) => name) }).catch(
              (error: unknown) => logger.warn('a verification could not be started', errorFields(error)),
            );
        }
        await resumeWebhooks();
        if (resumed > 0) logger.info('requested the workflows of idle operations', { count: resumed });
        return { resumed };
      } catch (error) {
        throw asFailure(error);
      }
    },
    async beginDueOperations() {
      try {
        const outcomes = await beginDue(dueBatch);
        for (const { tenant, work, begun, refused } of outcomes) {
          if (refused !== undefined)
            logger.warn(`${work} is due, was refused, and is left alone for a while`, {
              tenant: tenant.name,
              ...errorFields(refused),
            });
          const operation = newOperationOf(begun);
          if (operation !== undefined) await startAccepted(operation, tenant.spec.plan);
        }
        const begun = outcomes.filter((outcome) => outcome.begun !== undefined).length;
        return { begun, refused: outcomes.length - begun };
      } catch (error) {
        throw asFailure(error);
      }
    },
  };
}
