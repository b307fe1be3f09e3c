import type { EventType } from '../contracts/ledger-entry.ts';
import type { FinalOperationState } from '../contracts/operation-states.ts';
import { updateConditions } from '../domain/conditions.ts';
import type { ConditionUpdate } from '../domain/conditions.ts';
import { stateAfterCompensation, stateAfterSuccess } from '../domain/lifecycle.ts';
import { TenureError } from '../domain/tenure-error.ts';
import type { OperationDocument, TenantDocument } from '../store/documents.ts';
import { closing } from '../store/operations.ts';
import { stateReference } from '../store/resources.ts';
import { NotYet } from './failure.ts';
import { readOperationIn, requireHeld } from './held-operation.ts';
import type { OperationActivities } from './operation-activities.ts';
import type { OperationEnvironment } from './operation-environment.ts';
import { operationEntry } from './operation-entry.ts';

function succeeded(tenant: TenantDocument, operation: OperationDocument): { tenant: TenantDocument; updates: ConditionUpdate[]; event: EventType } {
  const to = stateAfterSuccess(operation.kind);
  return {
    tenant: { ...tenant, lifecycle: to, observedGeneration: operation.generation },
    updates: [
      { type: 'Ready', status: 'True', reason: to, message: `the tenant is ${to}` },
      { type: 'Provisioned', status: 'True', reason: 'AllStepsDone', message: 'database, collections, roles and user are in place' },
      { type: 'IsolationVerified', status: 'True', reason: 'ProbeRefused', message: 'mongod refused every attempt beyond the boundary' },
      { type: 'PolicyCompliant', status: 'True', reason: 'Allowed', message: 'policy allowed every step' },
    ],
    event: 'tenant.activated.v1',
  };
}

/** What was undone leaves the tenant as declared before: the declaration that failed is a revision like any other. */
function compensated(tenant: TenantDocument, operation: OperationDocument): { tenant: TenantDocument; updates: ConditionUpdate[]; event: EventType } {
  const to = stateAfterCompensation(operation.kind);
  const cancelled = operation.compensatesTo === 'cancelled';
  const reason = cancelled ? 'ActivationCancelled' : 'ActivationFailed';
  const message = `${operation.error?.code ?? 'internal'}: ${operation.error?.message ?? 'no reason was recorded'}`;
  const { error } = operation;
  return {
    tenant: {
      ...tenant,
      lifecycle: to,
      spec: { ...tenant.spec, lifecycle: to },
      generation: tenant.generation + 1,
      observedGeneration: tenant.generation + 1,
    },
    updates: [
      { type: 'Ready', status: 'False', reason, message },
      { type: 'Provisioned', status: 'False', reason, message: 'everything the operation made was removed' },
      ...(error?.code === 'policy_refused' ? [{ type: 'PolicyCompliant', status: 'False', reason: 'Refused', message: error.message } as const] : []),
    ],
    event: 'tenant.activation_failed.v1',
  };
}

/** The last commit of an operation. It waits until nobody can be at work under an earlier word. */
export function finishOperation({ store, failpoints }: OperationEnvironment): OperationActivities['finishOperation'] {
  return async ({ operation: { operationId, tenant: ref }, fence }) => {
    const holder = { operationId, fence };
    const before = await store.operations.find(operationId);
    if (before?.endTime != null && before.fence === fence && isFinal(before.state)) return { state: before.state };
    const waitMs = before === undefined || before.leases.length === 0 ? 0 : await store.stepLeases.remainingMs(operationId);
    if (waitMs > 0) throw new NotYet('an earlier attempt at a step may still be at work', waitMs);

    await failpoints.reach('finish.before-commit');
    const state = await store.commit(async (tx) => {
      const found = await readOperationIn(store, tx, operationId, ref.uid);
      requireHeld(found, holder);
      const { operation, tenant } = found;
      const end: FinalOperationState = operation.state === 'compensating' ? (operation.compensatesTo ?? 'failed') : 'succeeded';
      const outstanding = Object.entries(operation.steps).filter(([, step]) => (end === 'succeeded' ? step.state !== 'done' : step.state === 'done' || step.state === 'intent'));
      if (outstanding.length > 0) throw new TenureError('internal', `steps are outstanding: ${outstanding.map(([key]) => key).join(', ')}`);
      const change = end === 'succeeded' ? succeeded(tenant, operation) : compensated(tenant, operation);
      const after: TenantDocument = {
        ...change.tenant,
        operation: null,
        revision: tenant.revision + 1,
        updateTime: tx.time,
        conditions: updateConditions(change.tenant.conditions, change.updates, { time: tx.time.toISOString(), generation: change.tenant.generation }),
      };
      await store.resources.replace(tx, tenant.revision, after);
      await store.operations.update(tx, holder, closing(end, tx.time));
      return {
        result: end,
        entries: [
          operationEntry(operation, '', {
            outcome: end === 'succeeded' ? 'succeeded' : 'failed',
            fence,
            previous: stateReference(tenant),
            next: stateReference(after),
            ...(end === 'succeeded' ? {} : { reason: operation.error?.code ?? 'internal' }),
            event: {
              type: change.event,
              data: {
                tenant: { uid: tenant._id, name: tenant.name },
                operation: operationId,
                lifecycle: after.lifecycle,
                ...(after.placement === null ? {} : { placement: { ...after.placement } }),
                ...(operation.error === null || end === 'succeeded' ? {} : { error: { code: operation.error.code, fault: operation.error.fault } }),
              },
            },
          }),
        ],
      };
    });
    await failpoints.reach('finish.after-commit');
    return { state };
  };
}

function isFinal(state: OperationDocument['state']): state is FinalOperationState {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled';
}
