import { randomUUID } from 'node:crypto';
import type { PolicyDecision } from '../contracts/policy.ts';
import { TenureError } from '../domain/tenure-error.ts';
import { plannedStep } from '../domain/step-plan.ts';
import { describeHome } from '../engines/isolation/home.ts';
import type { WorkLease } from '../engines/isolation/home.ts';
import type { TenantDocument } from '../store/documents.ts';
import type { StepAttempt } from '../store/step-leases.ts';
import { readOperationIn, requireHeld } from './held-operation.ts';
import type { OperationAndTenant } from './held-operation.ts';
import type { HeldStep } from './operation-activities.ts';
import { operationEntry } from './operation-entry.ts';
import type { AttemptContext, OperationEnvironment } from './operation-environment.ts';
import type { StepOutcome, StepWork } from './steps/step-handler.ts';
import { workUnderLease } from './work-under-lease.ts';

export function newAttempt({ operation, fence, step }: HeldStep): StepAttempt {
  return { operationId: operation.operationId, fence, step, attempt: randomUUID() };
}

function stepWork({ cells, installation }: OperationEnvironment, { operation, tenant }: OperationAndTenant, lease: WorkLease): StepWork {
  return {
    operation,
    tenant,
    lease,
    home() {
      if (tenant.placement === null) throw new TenureError('internal', `tenant ${tenant._id} has no place yet`);
      return describeHome({
        installation,
        uid: tenant._id,
        operationId: operation._id,
        spec: tenant.spec,
        cell: cells.get(tenant.placement.cell),
        lease,
      });
    },
  };
}

/** A control step's work is its commit, which the fence guards; it needs no lease. */
const untilCommit: WorkLease = { remainingMs: () => 8_000 };

/** Does one attempt's work: under a lease where it touches a cell. */
export async function attemptStep(
  environment: OperationEnvironment,
  context: AttemptContext,
  found: OperationAndTenant,
  attempt: StepAttempt,
  take: () => Promise<void>,
  work: (stepWork: StepWork) => Promise<StepOutcome>,
): Promise<StepOutcome> {
  if (plannedStep(found.operation.kind, attempt.step).scope === 'control') return work(stepWork(environment, found, untilCommit));
  const { stepLeases: leases } = environment.store;
  return workUnderLease({ leases, ...context }, attempt, take, (lease) => work(stepWork(environment, found, lease)));
}

/** Commits what a step has come to: its record, what it changes of the tenant, and the entry that says so. Returns the tenant after it. */
export async function checkpoint(
  { store }: OperationEnvironment,
  held: StepAttempt & { readonly uid: string },
  outcome: StepOutcome,
  told: { readonly state: 'done' | 'undone'; readonly policy?: PolicyDecision },
): Promise<TenantDocument> {
  const { step, fence, operationId, uid } = held;
  return store.commit(async (tx) => {
    const found = await readOperationIn(store, tx, operationId, uid);
    requireHeld(found, held);
    const before = found.operation.steps[step];
    const tenant = outcome.commit === undefined ? found.tenant : await outcome.commit(tx, found.tenant);
    if (tenant.revision !== found.tenant.revision) await store.resources.replace(tx, found.tenant.revision, { ...tenant, updateTime: tx.time });
    const path = `steps.${step}` as const;
    await store.operations.update(tx, held, {
      $set: {
        [`${path}.state`]: told.state,
        [`${path}.attempts`]: Math.max(1, before.attempts),
        [`${path}.startTime`]: before.startTime ?? tx.time,
        [`${path}.endTime`]: tx.time,
        [`${path}.result`]: outcome.result,
        updateTime: tx.time,
      },
    });
    const part = told.state === 'done' ? '.step' : '.undo';
    return {
      result: tenant,
      entries: [operationEntry(found.operation, part, { outcome: 'succeeded', step, fence, ...(told.policy === undefined ? {} : { policy: told.policy }) })],
    };
  });
}
