import { randomUUID } from 'node:crypto';
import type { Filter, UpdateFilter } from 'mongodb';
import type { PolicyDecision } from '../contracts/policy.ts';
import { homeFormIn } from '../domain/isolation.ts';
import { withFields } from '../domain/spec-fields.ts';
import type { CompleteSpec } from '../domain/spec-fields.ts';
import { TenureError } from '../domain/tenure-error.ts';
import { effectiveConfig } from '../domain/tenant-template.ts';
import { plannedStep } from '../domain/step-plan.ts';
import type { StepScope } from '../domain/step-plan.ts';
import type { Cell } from '../engines/isolation/cells.ts';
import { describeHome } from '../engines/isolation/home.ts';
import type { WorkLease } from '../engines/isolation/home.ts';
import type { OperationDocument, TenantDocument } from '../store/documents.ts';
import { fenced, stepOf } from '../store/operations.ts';
import type { Holder } from '../store/operations.ts';
import { stateReference } from '../store/resources.ts';
import type { StepAttempt } from '../store/step-leases.ts';
import type { Store } from '../store/store.ts';
import type { Transaction } from '../store/commit.ts';
import { RetryAfter } from './failure.ts';
import type { OperationAndTenant } from './held-operation.ts';
import type { AttemptContext, HeldStep, OperationEnvironment } from './operation-activities.ts';
import { operationEntry } from './held-operation.ts';
import { reachCell } from './reach-cell.ts';
import type { StepOutcome, StepWork } from './steps/step-handler.ts';
import { reasonOf, releasing, workUnderLease } from './work-under-lease.ts';

export function newAttempt({ operation, fence, step }: HeldStep): StepAttempt {
  return { operationId: operation.operationId, fence, step, attempt: randomUUID() };
}

async function stepWork(
  { installation, templates }: OperationEnvironment,
  { operation, tenant }: OperationAndTenant,
  lease: WorkLease,
  cell?: Cell,
  attempt = 1,
): Promise<StepWork> {
  const before = withFields(tenant.spec as CompleteSpec, operation.restore);
  const [config, configBefore] = await Promise.all(
    [tenant.spec, before].map(async (spec) => effectiveConfig(await templates.of(spec), spec.config)),
  );
  return {
    operation,
    tenant,
    lease,
    home() {
      if (tenant.placement === null || cell === undefined)
        throw new TenureError('internal', `tenant ${tenant._id} has no placement yet`);
      return describeHome({
        installation,
        uid: tenant._id,
        operationId: operation._id,
        mode: tenant.placement.mode,
        user: tenant.databaseUser,
        spec: tenant.spec,
        form: homeFormIn(operation.to === 'Purged' ? operation.from : operation.to),
        config: config ?? {},
        impatient: attempt > patientAttempts,
        ...(operation.from === 'Draft'
          ? {}
          : { before: { spec: before, form: homeFormIn(operation.from), config: configBefore ?? {} } }),
        cell,
        lease,
      });
    },
  };
}

/**
 * This many attempts do not end the tenant's transactions. A transaction lives for at most a minute, but there may
 * always be another.
 */
const patientAttempts = 3;

/** The work of a control step is its commit, which the fence protects; it needs no lease. */
const commitLease: WorkLease = { remainingMs: () => 8_000 };

/** A check takes no lease: each command is bounded by this, and nothing is changed. */
const checkLease: WorkLease = { remainingMs: () => 4_000 };

/**
 * Returns the tenant's cell. If the cell cannot be used now, the reason is recorded for people who check what the
 * operation waits for.
 */
async function cellOf(
  environment: OperationEnvironment,
  { operation, tenant }: OperationAndTenant,
  attempt: StepAttempt,
): Promise<Cell | undefined> {
  if (tenant.placement === null) return undefined;
  try {
    return await reachCell(environment, tenant.placement.cell);
  } catch (error) {
    if (error instanceof TenureError)
      await environment.store.stepLeases
        .note(attempt, stepOf(operation, attempt.step).state, reasonOf(error))
        .catch(() => undefined);
    throw error;
  }
}

/** Checks whether a step can begin. @throws TenureError when it cannot */
export async function checkStep(
  environment: OperationEnvironment,
  found: OperationAndTenant,
  attempt: StepAttempt,
): Promise<void> {
  await environment.handlers[attempt.step].check?.(
    await stepWork(environment, found, checkLease, await cellOf(environment, found, attempt)),
  );
}

/** Does the work and the checkpoint of one attempt, under a lease if it touches a cell. */
export async function attemptStep<T>(
  environment: OperationEnvironment,
  context: AttemptContext,
  found: OperationAndTenant,
  attempt: StepAttempt,
  take: () => Promise<void>,
  work: (stepWork: StepWork) => Promise<T>,
): Promise<T> {
  if (plannedStep(found.operation.kind, attempt.step).scope === 'control')
    return work(await stepWork(environment, found, commitLease));
  const { stepLeases: leases } = environment.store;
  const cell = await cellOf(environment, found, attempt);
  return workUnderLease({ leases, ...context }, attempt, take, async (lease) =>
    work(await stepWork(environment, found, lease, cell, context.attempt)),
  );
}

/** The state in which an operation allows this attempt to commit: a late attempt finds a different state. */
function mayCommit({ attempt, step }: StepAttempt, scope: StepScope, to: 'done' | 'undone'): Filter<OperationDocument> {
  return {
    state: to === 'done' ? 'running' : 'compensating',
    [`steps.${step}.state`]: { $in: to === 'done' ? ['pending', 'intent'] : ['intent', 'done'] },
    ...(scope === 'cell' ? { 'leases.holder': attempt } : {}),
  };
}

/**
 * Commits the result of a step: its record, its changes of the tenant, and its entry. The update's own filter checks
 * that the fence is the highest, that the operation runs in this direction, and that nobody has committed the step
 * before. Returns the tenant after the change.
 * @throws RetryAfter when another attempt of the same holder was first: the next attempt finds the step done
 */
export async function checkpoint(
  { store }: OperationEnvironment,
  { operation, tenant }: OperationAndTenant,
  attempt: StepAttempt,
  outcome: StepOutcome,
  reached: { readonly state: 'done' | 'undone'; readonly policy?: PolicyDecision },
): Promise<TenantDocument> {
  const { step, fence } = attempt;
  const { scope } = plannedStep(operation.kind, step);
  return store.commit(async (tx) => {
    const path = `steps.${step}` as const;
    const { attempts, startTime } = stepOf(operation, step);
    const change: UpdateFilter<OperationDocument> = {
      $set: {
        [`${path}.state`]: reached.state,
        ...(scope === 'control' && reached.state === 'done'
          ? { [`${path}.attempts`]: attempts + 1, [`${path}.startTime`]: startTime ?? tx.time }
          : {}),
        [`${path}.endTime`]: tx.time,
        [`${path}.result`]: outcome.result,
        updateTime: tx.time,
      },
      ...releasing(attempt),
    };
    try {
      await store.operations.update(tx, attempt, change, mayCommit(attempt, scope, reached.state));
    } catch (error) {
      if (!(error instanceof TenureError)) throw error;
      const current = await store.operations.read(tx, operation._id);
      if (current?.fence === fence && stepOf(current, step).state === reached.state)
        throw new RetryAfter(`another attempt has committed ${step}`);
      throw error;
    }
    const { before, after } =
      outcome.commit === undefined
        ? { before: tenant, after: tenant }
        : await changeTenant(store, tx, attempt, tenant._id, outcome.commit);
    const states =
      before.revision === after.revision ? {} : { previous: stateReference(before), next: stateReference(after) };
    const part = reached.state === 'done' ? '.step' : '.undo';
    const policy = reached.policy === undefined ? {} : { policy: reached.policy };
    return {
      result: after,
      entries: [operationEntry(operation, part, { outcome: 'succeeded', step, fence, ...states, ...policy })],
    };
  });
}

async function changeTenant(
  store: Store,
  tx: Transaction,
  holder: Holder,
  uid: string,
  change: NonNullable<StepOutcome['commit']>,
): Promise<{ before: TenantDocument; after: TenantDocument }> {
  const before = await store.resources.read(tx, 'Tenant', uid);
  if (before?.operation?.id !== holder.operationId || before.operation.fence !== holder.fence) throw fenced(holder);
  const changed = await change(tx, before);
  if (changed.revision === before.revision) return { before, after: before };
  return { before, after: await store.resources.replace(tx, before.revision, { ...changed, updateTime: tx.time }) };
}
