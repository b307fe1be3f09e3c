import { newOperationOf } from '../../engines/changes/change-request.ts';
import type { ChangedTenant, ChangeTenant, Command, Declare } from '../../engines/changes/change-request.ts';
import type { WorkflowStarters } from '../../platform/workflow-starters.ts';
import type { OperationDocument } from '../../store/documents.ts';
import type { Keep } from '../answers.ts';
import { createStartAccepted } from '../../platform/start-or-defer.ts';
import type { StartOrDefer } from '../../platform/start-or-defer.ts';
import type { RouteHandlers } from '../reply.ts';
import { operationBody, tenantBody } from '../representations.ts';
import { etagOf } from '../request-parsing.ts';

export interface TenantChangeDependencies extends Pick<WorkflowStarters, 'startOperation' | 'cancelWorkflow'> {
  readonly changeTenant: ChangeTenant;
  readonly startOrDefer: StartOrDefer;
}

export type ChangeReply = Awaited<ReturnType<RouteHandlers['putTenant']>>;

/** Makes a change, starts its operation and creates the answer, which is stored under the idempotency key. */
export interface TenantChange {
  make(request: Omit<Declare, 'alsoCommit'> | Omit<Command, 'alsoCommit'>, keep: Keep): Promise<ChangeReply>;
  /** Cancels a workflow. If the signal is lost, the workflow finds the cancellation in MongoDB. */
  signalCancellation(operation: OperationDocument): Promise<void>;
}

function changeReply({ outcome, tenant, operation, following = [] }: ChangedTenant): ChangeReply {
  const status = operation !== undefined ? 202 : outcome === 'created' ? 201 : 200;
  return {
    status,
    body: {
      tenant: tenantBody(tenant),
      ...(operation === undefined ? {} : { operation: operationBody(operation) }),
      ...(following.length === 0 ? {} : { following: following.map(operationBody) }),
    },
    headers: {
      etag: etagOf(tenant.revision),
      ...(operation !== undefined
        ? { location: `/v1/operations/${operation._id}` }
        : outcome === 'created'
          ? { location: `/v1/tenants/${tenant.name}` }
          : {}),
    },
    about: {
      tenant: { uid: tenant._id, name: tenant.name },
      ...(operation === undefined ? {} : { operation: operation._id }),
    },
  };
}

export function createTenantChange({
  changeTenant,
  startOperation,
  cancelWorkflow,
  startOrDefer,
}: TenantChangeDependencies): TenantChange {
  const startAccepted = createStartAccepted(startOrDefer, startOperation);
  const signalCancellation = ({ _id: operationId, tenant }: OperationDocument): Promise<void> =>
    startOrDefer('the cancelled workflow', { operationId }, cancelWorkflow({ operationId, tenant }));

  async function begin(changed: ChangedTenant): Promise<void> {
    if (changed.preempted !== undefined) return signalCancellation(changed.preempted);
    const operation = newOperationOf(changed);
    if (operation !== undefined) await startAccepted(operation, changed.tenant.spec.plan);
  }

  return {
    signalCancellation,
    async make(request, keep) {
      const changed = await changeTenant({ ...request, alsoCommit: (tx, made) => keep(tx, changeReply(made)) });
      await begin(changed);
      return changeReply(changed);
    },
  };
}
