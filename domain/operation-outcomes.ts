import type { EventType } from '../contracts/event-types.ts';
import type { Condition } from '../contracts/manifests/tenant.ts';
import type { LifecycleEnd, OperationKind } from '../contracts/lifecycle.ts';
import type { ConditionUpdate } from './conditions.ts';

interface Outcome {
  readonly succeeded: EventType;
  readonly failed: EventType;
  /** Names a failure in a condition's reason, as in "SuspensionFailed". */
  readonly noun: string;
}

/** The events and words with which each path reports its end. */
export const operationOutcomes = {
  activate: { succeeded: 'tenant.activated.v1', failed: 'tenant.activation_failed.v1', noun: 'Activation' },
  suspend: { succeeded: 'tenant.suspended.v1', failed: 'tenant.suspension_failed.v1', noun: 'Suspension' },
  resume: { succeeded: 'tenant.resumed.v1', failed: 'tenant.resumption_failed.v1', noun: 'Resumption' },
  archive: { succeeded: 'tenant.archived.v1', failed: 'tenant.archival_failed.v1', noun: 'Archival' },
  reactivate: { succeeded: 'tenant.reactivated.v1', failed: 'tenant.reactivation_failed.v1', noun: 'Reactivation' },
  delete: { succeeded: 'tenant.deleted.v1', failed: 'tenant.deletion_failed.v1', noun: 'Deletion' },
  undelete: { succeeded: 'tenant.undeleted.v1', failed: 'tenant.undeletion_failed.v1', noun: 'Undeletion' },
  purge: { succeeded: 'tenant.purged.v1', failed: 'tenant.purge_failed.v1', noun: 'Purge' },
  change_plan: { succeeded: 'tenant.plan_changed.v1', failed: 'tenant.plan_change_failed.v1', noun: 'PlanChange' },
  reconcile: { succeeded: 'tenant.reconciled.v1', failed: 'tenant.reconciliation_failed.v1', noun: 'Reconciliation' },
} as const satisfies Record<OperationKind, Outcome>;

/** Whether a tenant in this state serves its users. */
export function readyIn(state: LifecycleEnd): ConditionUpdate {
  if (state === 'Active') return { type: 'Ready', status: 'True', reason: 'Active', message: 'the tenant is Active' };
  return {
    type: 'Ready',
    status: 'False',
    reason: state,
    message: state === 'Draft' ? 'the tenant is a Draft; activate it' : `the tenant is ${state}`,
  };
}

/** The last declaration is in effect. */
export const applied: ConditionUpdate = {
  type: 'Applied',
  status: 'True',
  reason: 'Applied',
  message: 'the last declaration is in effect',
};

/** Whether the last declaration is not in effect because its operation failed or was cancelled. */
export function isRolledBack(conditions: readonly Pick<Condition, 'type' | 'status'>[]): boolean {
  return conditions.some(({ type, status }) => type === 'Applied' && status === 'False');
}

/** Conditions while an operation runs. Meanwhile, a tenant that stays in its state continues to serve its users. */
export function whileRunning({
  id,
  kind,
  from,
  to,
}: {
  readonly id: string;
  readonly kind: OperationKind;
  readonly from: LifecycleEnd;
  readonly to: LifecycleEnd;
}): ConditionUpdate[] {
  const running = { reason: 'OperationRunning', message: `operation ${id} (${kind}) is running` };
  return [
    ...(from === to ? [] : [{ type: 'Ready', status: 'False', ...running } as const]),
    { type: 'Applied', status: 'Unknown', ...running },
  ];
}

/**
 * Paths that policy allows only if the declaration fits the plan's quota; a test compares the set with
 * `policies/data.json`.
 */
const withinQuota: ReadonlySet<OperationKind> = new Set(['activate', 'resume', 'reactivate', 'change_plan']);

/** The last declaration is only partly in effect: the operation for the rest was cancelled before it started. */
function appliedInPart({ id, kind }: CutShort): ConditionUpdate {
  return {
    type: 'Applied',
    status: 'False',
    reason: `${operationOutcomes[kind].noun}Cancelled`,
    message: `the declaration was rolled back in part: operation ${id} (${kind}) was cancelled before it started`,
  };
}

interface CutShort {
  readonly id: string;
  readonly kind: OperationKind;
}

/** Conditions after an operation that succeeded. `cutShort`: the cancelled operation that was to follow it. */
export function conditionsAfterSuccess(kind: OperationKind, to: LifecycleEnd, cutShort?: CutShort): ConditionUpdate[] {
  const updates: ConditionUpdate[] = [readyIn(to), cutShort === undefined ? applied : appliedInPart(cutShort)];
  const grantsAccess =
    kind === 'activate' || kind === 'resume' || kind === 'reactivate' || (kind === 'reconcile' && to === 'Active');
  if (grantsAccess) {
    updates.push(
      {
        type: 'Provisioned',
        status: 'True',
        reason: 'AllStepsDone',
        message: 'database, collections, roles and user are in place',
      },
      {
        type: 'IsolationVerified',
        status: 'True',
        reason: 'ProbeRefused',
        message: 'mongod refused every attempt beyond the boundary',
      },
    );
  }
  if (kind === 'reconcile' && !grantsAccess)
    updates.push({
      type: 'Provisioned',
      status: 'True',
      reason: 'AllStepsDone',
      message: `everything is as it should be for a tenant that is ${to}`,
    });
  if (kind === 'archive')
    updates.push({
      type: 'Provisioned',
      status: 'False',
      reason: 'Archived',
      message: 'the user and the secondary indexes were removed; the data is kept',
    });
  if (withinQuota.has(kind))
    updates.push({
      type: 'QuotaSatisfied',
      status: 'True',
      reason: 'WithinPlan',
      message: 'the declaration fits the plan',
    });
  if (kind === 'reconcile')
    updates.push({
      type: 'InSync',
      status: 'True',
      reason: 'Reconciled',
      message: 'everything on the cell was reconciled with the declaration',
    });
  updates.push({ type: 'PolicyCompliant', status: 'True', reason: 'Allowed', message: 'policy allowed every step' });
  return updates;
}

export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** Conditions after an operation that was undone or could not continue. */
export function conditionsAfterFailure(
  kind: OperationKind,
  from: LifecycleEnd,
  failure: Failure,
  cancelled: boolean,
): ConditionUpdate[] {
  const reason = `${operationOutcomes[kind].noun}${cancelled ? 'Cancelled' : 'Failed'}`;
  const message = `${failure.code}: ${failure.message}`;
  // A tenant that serves its users continues to; Applied reports separately that the declaration is not in effect.
  const ready = readyIn(from);
  const updates: ConditionUpdate[] = [
    ready.status === 'True' ? ready : { ...ready, reason, message },
    { type: 'Applied', status: 'False', reason, message: `the declaration was rolled back: ${message}` },
  ];
  if (kind === 'activate')
    updates.push({
      type: 'Provisioned',
      status: 'False',
      reason,
      message: 'everything the operation made was removed',
    });
  if (failure.code === 'isolation_probe_failed')
    updates.push({ type: 'IsolationVerified', status: 'False', reason: 'ProbeFailed', message: failure.message });
  if (failure.code === 'policy_refused')
    updates.push({ type: 'PolicyCompliant', status: 'False', reason: 'Refused', message: failure.message });
  return updates;
}
