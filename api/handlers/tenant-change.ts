import { TenureError } from '../../domain/tenure-error.ts';
import type { ChangedTenant, ChangeTenant, Command, Declare } from '../../engines/registry/change-tenant.ts';
import { withinMs } from '../../platform/deadline.ts';
import { errorFields } from '../../platform/logging.ts';
import type { Logger } from '../../platform/logging.ts';
import type { CancelOperationWorkflow, StartOperation } from '../../platform/operation-starter.ts';
import type { OperationDocument } from '../../store/documents.ts';
import type { IdempotentRequest } from '../../store/idempotency.ts';
import type { Store } from '../../store/store.ts';
import type { RouteHandlers } from '../reply.ts';
import { storedAnswer } from '../stored-answer.ts';
import { operationBody, tenantBody } from '../representations.ts';
import { etagOf } from '../request-parsing.ts';

export interface TenantChangeDependencies {
  readonly store: Pick<Store, 'idempotency'>;
  readonly changeTenant: ChangeTenant;
  readonly startOperation: StartOperation;
  readonly cancelWorkflow: CancelOperationWorkflow;
  readonly logger: Logger;
}

export type ChangeReply = Awaited<ReturnType<RouteHandlers['putTenant']>>;

/** Makes a change, begins what it needs, and answers; the answer is kept under the request's key. */
export interface TenantChange {
  make(request: Omit<Declare, 'settle'> | Omit<Command, 'settle'>, idempotency: IdempotentRequest | undefined): Promise<ChangeReply>;
  /** Tells a workflow to stop. One that is not told now is told by what stands in MongoDB. */
  tellCancelled(operation: OperationDocument): Promise<void>;
}

/** What is accepted is answered soon, also when Temporal goes away at this moment. */
const temporalTimeoutMs = 2_000;

function changeReply({ outcome, tenant, operation }: ChangedTenant): ChangeReply {
  const status = operation !== undefined ? 202 : outcome === 'created' ? 201 : 200;
  return {
    status,
    body: { tenant: tenantBody(tenant), ...(operation === undefined ? {} : { operation: operationBody(operation) }) },
    headers: {
      etag: etagOf(tenant.revision),
      ...(operation !== undefined ? { location: `/v1/operations/${operation._id}` } : outcome === 'created' ? { location: `/v1/tenants/${tenant.name}` } : {}),
    },
  };
}

export function createTenantChange({ store, changeTenant, startOperation, cancelWorkflow, logger }: TenantChangeDependencies): TenantChange {
  async function soon(what: string, operationId: string, work: Promise<void>): Promise<void> {
    try {
      await withinMs(temporalTimeoutMs, work, () => new TenureError('temporal_unavailable', 'Temporal did not answer in time'));
    } catch (error) {
      logger.warn(`${what} is left to the sweep`, { operationId, ...errorFields(error) });
    }
  }

  const tellCancelled = (operation: OperationDocument): Promise<void> => soon('the cancelled workflow', operation._id, cancelWorkflow({ operationId: operation._id, tenant: operation.tenant }));

  /** An accepted operation is started at once; where that fails, the sweep starts it. */
  async function begin({ operation, preempted, tenant, outcome }: ChangedTenant): Promise<void> {
    if (operation === undefined || outcome === 'unchanged') return;
    if (preempted !== undefined) return tellCancelled(preempted);
    const { _id: operationId, kind, requestId, correlationId } = operation;
    await soon('the accepted workflow', operationId, startOperation({ kind, operationId, tenant: operation.tenant, requestId, correlationId, plan: tenant.spec.plan }));
  }

  return {
    tellCancelled,
    async make(request, idempotency) {
      const changed = await changeTenant({
        ...request,
        async settle(tx, made) {
          if (idempotency !== undefined) await store.idempotency.settle(tx, idempotency, storedAnswer(changeReply(made)));
        },
      });
      await begin(changed);
      return changeReply(changed);
    },
  };
}
