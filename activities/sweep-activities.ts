import { errorFields } from '../platform/logging.ts';
import type { Logger } from '../platform/logging.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { StartOperation } from '../platform/operation-starter.ts';
import type { OperationDocument } from '../store/documents.ts';
import type { Store } from '../store/store.ts';
import { asFailure } from './failure.ts';

export interface SweepActivities {
  /** Starts the workflows of operations on which nothing has happened for a while; one that runs is left alone. */
  resumeStalledOperations(): Promise<{ readonly resumed: number }>;
}

/** An operation whose workflow waits between two attempts is idle too; starting it then finds the one that runs. */
const idleMs = 5_000;
const batch = 500;

export interface SweepDependencies {
  readonly store: Pick<Store, 'operations' | 'resources'>;
  readonly start: StartOperation;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'resumedOperations'>;
}

export function createSweepActivities({ store, start, logger, metrics }: SweepDependencies): SweepActivities {
  async function resume({ _id, kind, tenant, requestId, correlationId }: OperationDocument): Promise<void> {
    const document = await store.resources.findByUid('Tenant', tenant.uid);
    await start({ kind, operationId: _id, tenant, requestId, correlationId, plan: document?.spec.plan ?? 'unknown' });
    metrics.resumedOperations.inc();
  }
  return {
    async resumeStalledOperations() {
      try {
        const stalled = await store.operations.stalled(idleMs, batch);
        let resumed = 0;
        for (const operation of stalled) {
          try {
            await resume(operation);
            resumed += 1;
          } catch (error) {
            // One that cannot be started must not keep the others from it; the next sweep tries it again.
            logger.warn('an idle operation could not be started', { operationId: operation._id, tenant: operation.tenant.name, ...errorFields(error) });
          }
        }
        if (resumed > 0) logger.info('asked for the workflows of idle operations', { count: resumed });
        return { resumed };
      } catch (error) {
        throw asFailure(error, 1);
      }
    },
  };
}
