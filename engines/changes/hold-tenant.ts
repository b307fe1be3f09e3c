import { updateConditions } from '../../domain/conditions.ts';
import type { ConditionUpdate } from '../../domain/conditions.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { TenantDocument } from '../../store/documents.ts';
import type { Store } from '../../store/store.ts';
import type { Admit } from '../admission/admission.ts';
import { changeAtOnce } from './change-at-once.ts';
import type { AtOnceRequest } from './change-at-once.ts';

export interface HoldDependencies {
  readonly store: Store;
  readonly admit: Admit;
}

export type HoldRequest = Omit<AtOnceRequest, 'action' | 'change' | 'event' | 'asked'>;

/**
 * Sets a legal hold, or changes the reason of the present one. Possible in every state and while an operation runs,
 * except during a purge: a hold cannot keep what a purge has begun to destroy.
 */
export function holdTenant(
  dependencies: HoldDependencies,
  request: HoldRequest,
  reason: string,
): Promise<TenantDocument> {
  return changeAtOnce(dependencies, {
    ...request,
    action: 'tenant.hold',
    event: { type: 'tenant.held.v1', data: {} },
    change: (tenant, time) => withHold(tenant, { reason }, time),
  });
}

/** Releases the legal hold. */
export function releaseHold(dependencies: HoldDependencies, request: HoldRequest): Promise<TenantDocument> {
  return changeAtOnce(dependencies, {
    ...request,
    action: 'tenant.release_hold',
    event: { type: 'tenant.hold_released.v1', data: {} },
    change: (tenant, time) => withHold(tenant, undefined, time),
  });
}

/** The condition that a hold, or its absence, sets. */
export function deletionBlocked(hold: { readonly reason: string } | undefined): ConditionUpdate {
  return hold === undefined
    ? { type: 'DeletionBlocked', status: 'False', reason: 'NoHold', message: 'no legal hold is set' }
    : { type: 'DeletionBlocked', status: 'True', reason: 'LegalHold', message: `a legal hold is set: ${hold.reason}` };
}

function withHold(tenant: TenantDocument, hold: { reason: string } | undefined, time: Date): TenantDocument {
  if (tenant.spec.hold?.reason === hold?.reason) return tenant;
  if (tenant.operation?.kind === 'purge')
    throw new TenureError('operation_in_progress', 'the tenant is being purged', { operationId: tenant.operation.id });
  const { hold: _before, ...rest } = tenant.spec;
  const generation = tenant.generation + 1;
  return {
    ...tenant,
    spec: { ...rest, ...(hold === undefined ? {} : { hold }) },
    generation,
    observedGeneration: tenant.operation === null ? generation : tenant.observedGeneration,
    conditions: updateConditions(tenant.conditions, [deletionBlocked(hold)], { time: time.toISOString(), generation }),
  };
}
