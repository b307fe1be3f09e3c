import type { OperationKind } from '../contracts/lifecycle.ts';
import type { FinalOperationState } from '../contracts/operation-states.ts';
import { updateConditions } from '../domain/conditions.ts';
import { gatedByIsolation } from '../domain/isolation-verified.ts';
import { conditionsAfterFailure, conditionsAfterSuccess, operationOutcomes } from '../domain/operation-outcomes.ts';
import { startable } from '../domain/workflow-inputs.ts';
import { isReversible } from '../domain/step-plan.ts';
import { ownersRestoredBy, restoredBy, withFields } from '../domain/spec-fields.ts';
import type { CompleteSpec } from '../domain/spec-fields.ts';
import { TenureError } from '../domain/tenure-error.ts';
import { cancelFollowers } from '../engines/changes/cancel-followers.ts';
import type { AlreadyCommitted, Committed, Transaction } from '../store/commit.ts';
import type { OperationDocument, TenantDocument } from '../store/documents.ts';
import type { LedgerDraft } from '../store/ledger.ts';
import { closing } from '../store/operations.ts';
import { stateReference } from '../store/resources.ts';
import type { Store } from '../store/store.ts';
import { RetryAfter } from './failure.ts';
import { handOver } from './hand-over.ts';
import { operationEntry, readOperationIn, requireHeld } from './held-operation.ts';
import type { OperationActivities, OperationEnd, OperationEnvironment } from './operation-activities.ts';

/** The tenant in the state in which the operation leaves it, without the lock. */
function endedTenant(
  tenant: TenantDocument,
  operation: OperationDocument,
  end: FinalOperationState,
  time: Date,
): TenantDocument {
  const { kind, from, to, next, cutShort } = operation;
  const restore = restoredBy(operation);
  const succeeded = end === 'succeeded';
  // When an operation is undone, the tenant is declared as before it; the declaration that failed remains a revision
  // like any other.
  const restored = !succeeded && Object.keys(restore).length > 0;
  const generation = tenant.generation + (restored ? 1 : 0);
  const updates = succeeded
    ? conditionsAfterSuccess(kind, to, cutShort)
    : conditionsAfterFailure(
        kind,
        from,
        operation.error ?? { code: 'internal', message: 'no reason was recorded' },
        end === 'cancelled',
      );
  return {
    ...tenant,
    lifecycle: !succeeded || to === 'Purged' ? from : to,
    ...(restored
      ? { spec: withFields(tenant.spec as CompleteSpec, restore), owners: ownersRestoredBy(operation, tenant.owners) }
      : {}),
    ...(succeeded ? {} : { scheduledPlan: tenant.scheduledPlan ?? operation.before.scheduledPlan ?? null }),
    generation,
    // Changes without an operation of their own, such as a hold, are observed when they are committed; what later
    // operations will change is not observed yet.
    observedGeneration: succeeded && next !== undefined ? tenant.observedGeneration : generation,
    operation: null,
    revision: tenant.revision + 1,
    updateTime: time,
    conditions: updateConditions(tenant.conditions, gatedByIsolation(tenant.conditions, updates), {
      time: time.toISOString(),
      generation,
    }),
  };
}

function endEntry(
  operation: OperationDocument,
  fence: number,
  end: FinalOperationState,
  before: TenantDocument,
  after: TenantDocument,
): LedgerDraft {
  const { error, kind, to } = operation;
  const succeeded = end === 'succeeded';
  const purged = succeeded && to === 'Purged';
  return operationEntry(operation, '', {
    outcome: succeeded ? 'succeeded' : 'failed',
    fence,
    previous: stateReference(before),
    ...(purged ? {} : { next: stateReference(after) }),
    ...(succeeded ? {} : { reason: error?.code ?? 'internal' }),
    event: {
      type: operationOutcomes[kind][succeeded ? 'succeeded' : 'failed'],
      data: {
        tenant: { uid: before._id, name: before.name },
        operation: operation._id,
        previousLifecycle: before.lifecycle,
        lifecycle: purged ? 'Purged' : after.lifecycle,
        ...(kind === 'change_plan' ? { plan: after.spec.plan } : {}),
        ...(after.placement === null ? {} : { placement: { ...after.placement } }),
        ...(error === null || succeeded ? {} : { error: { code: error.code, fault: error.fault } }),
      },
    },
  });
}

async function replaceByTombstone(
  store: Store,
  tx: Transaction,
  operation: OperationDocument,
  tenant: TenantDocument,
): Promise<void> {
  const { _id, storageVersion, name, createTime, deletion, generation, revision, placement } = tenant;
  await store.resources.remove(tx, tenant);
  await store.drift.forget(tx, _id);
  await store.backoffs.forget(tx, _id);
  await store.tenantLeases.forget(tx, _id);
  await store.tombstones.insert(tx, {
    _id,
    storageVersion,
    name,
    createTime,
    deleteTime: deletion?.deleteTime ?? tx.time,
    purgeTime: tx.time,
    generation,
    revision,
    placement,
    operationId: operation._id,
    ledgerEntry: tx.entryId(),
  });
}

/**
 * The end that an earlier attempt has committed. The operation that got the lock in that commit is started again,
 * unless it has begun.
 */
async function committedEnd(
  store: Store,
  tx: Transaction,
  { _id, tenant: { uid } }: OperationDocument,
  state: FinalOperationState,
): Promise<OperationEnd> {
  const tenant = await store.resources.read(tx, 'Tenant', uid);
  const next = tenant?.operation == null ? undefined : await store.operations.read(tx, tenant.operation.id);
  return {
    state,
    ...(tenant === undefined || next?.waitsFor !== _id || next.runId !== null
      ? {}
      : { next: startable(next, tenant.spec.plan) }),
  };
}

/** An operation that has just ended. */
export interface EndedOperation {
  readonly kind: OperationKind;
  readonly state: FinalOperationState;
  /** Since the operation was accepted. */
  readonly seconds: number;
}

/**
 * The last commit of an operation. It waits until no earlier attempt can still be working, and fails with `cancelled`
 * if the operation was cancelled before it. After this commit nothing more is read from the control database, so
 * nothing can fail an operation that has ended.
 */
export function finishOperation(
  { store, failpoints }: OperationEnvironment,
  onEnded: (ended: EndedOperation) => void = () => undefined,
): OperationActivities['finishOperation'] {
  type Finished = { readonly end: OperationEnd; readonly ended?: EndedOperation };
  return async (held) => {
    const {
      operation: { operationId, tenant: ref },
      fence,
    } = held;
    const holder = { operationId, fence };
    await failpoints.reach('finish.before-commit', ref.name);
    const { end, ended } = await store.commit(async (tx): Promise<Committed<Finished> | AlreadyCommitted<Finished>> => {
      // An operation that has ended is found even if its tenant is not: it may have purged the tenant.
      const before = await store.operations.read(tx, operationId);
      if (before?.fence === fence && isFinal(before.state))
        return { already: { end: await committedEnd(store, tx, before, before.state) } };
      const found = await readOperationIn(store, tx, operationId, ref.uid);
      requireHeld(found, held);
      const { operation, tenant } = found;
      const waitMs = operation.leases.length === 0 ? 0 : await store.stepLeases.remainingMs(operationId, tx);
      if (waitMs > 0) throw new RetryAfter('an earlier attempt at a step may still be running', waitMs);
      // A cancellation that was answered with "accepted" is carried out, even if every step was done by then.
      if (
        operation.state === 'running' &&
        operation.cancelRequestTime !== null &&
        isReversible(operation.kind, operation.steps)
      )
        throw new TenureError('cancelled', 'the operation was cancelled');
      const state: FinalOperationState =
        operation.state === 'compensating' ? (operation.compensatesTo ?? 'failed') : 'succeeded';
      const outstanding = Object.entries(operation.steps).filter(([, step]) =>
        state === 'succeeded' ? step.state !== 'done' : step.state === 'done' || step.state === 'intent',
      );
      if (outstanding.length > 0)
        throw new TenureError('internal', `steps are outstanding: ${outstanding.map(([key]) => key).join(', ')}`);
      const after = endedTenant(tenant, operation, state, tx.time);
      const entry = endEntry(operation, fence, state, tenant, after);
      const summary = {
        kind: operation.kind,
        state,
        seconds: (tx.time.getTime() - operation.createTime.getTime()) / 1000,
      };
      await store.operations.update(tx, holder, closing(state, tx.time));
      if (state === 'succeeded' && operation.to === 'Purged') {
        await replaceByTombstone(store, tx, operation, tenant);
        return { result: { end: { state }, ended: summary }, entries: [entry] };
      }
      const dropped =
        state === 'succeeded'
          ? []
          : await cancelFollowers(
              store,
              tx,
              operation.next,
              `the operation before it, ${operationId} (${operation.kind}), ${state === 'failed' ? 'failed' : 'was cancelled'}`,
            );
      const follows = state === 'succeeded' ? operation.next : undefined;
      const waiting = follows ?? tenant.pending?.id;
      const next =
        waiting === undefined
          ? undefined
          : await handOver(store, tx, after, waiting, follows === undefined ? 'preempted' : 'succeeded');
      const entries: [LedgerDraft, ...LedgerDraft[]] = [entry, ...dropped];
      // One write, so that nobody sees the tenant between two operations of one change. What was undone is one
      // generation, and what begins may be another.
      if (next === undefined) await store.resources.replace(tx, tenant.revision, after);
      else {
        await store.resources.replace(tx, tenant.revision, next.tenant, { entry: entries.length, through: after });
        entries.push(next.entry);
      }
      return {
        result: { end: { state, ...(next === undefined ? {} : { next: next.start }) }, ended: summary },
        entries,
      };
    });
    if (ended !== undefined) onEnded(ended);
    await failpoints.reach('finish.after-commit', ref.name);
    return end;
  };
}

function isFinal(state: OperationDocument['state']): state is FinalOperationState {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled';
}
