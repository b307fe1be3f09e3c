import { canonicallyEqual } from '../../contracts/canonical-json.ts';
import type { TenantSpec } from '../../contracts/manifests/tenant.ts';
import type { AdmissionRequest, PolicyDecision } from '../../contracts/policy.ts';
import { planTenantChange } from '../../domain/tenant-change.ts';
import type { TenantChange } from '../../domain/tenant-change.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import { recordEntries } from '../../store/commit.ts';
import type { TenantDocument } from '../../store/documents.ts';
import type { Declaration } from '../../store/resources.ts';
import type { Store } from '../../store/store.ts';
import { policyRefusal } from '../admission/admission.ts';
import type { Admit } from '../admission/admission.ts';
import { choosePlacement } from '../admission/choose-placement.ts';
import { refusalEntry } from './caller.ts';
import type { DeclareTenantRequest } from './declare-tenant.ts';

/** A change that may be made. */
export interface DecidedChange {
  readonly kind: 'change';
  readonly action: AdmissionRequest['action'];
  readonly declaration: Declaration<TenantSpec>;
  readonly change: TenantChange;
  readonly policy: PolicyDecision;
}
export type Decided = DecidedChange | { readonly kind: 'unchanged'; readonly current: TenantDocument };

export interface DecideDependencies {
  readonly store: Pick<Store, 'commit' | 'cells'>;
  readonly admit: Admit;
  /** @throws TenureError temporal_unavailable */
  readonly requireTemporal: () => Promise<void>;
}

/** Refusals that say no to what was asked for. Conflicts with what others do at the same time are not among them. */
const recordedRefusals = new Set(['policy_refused', 'placement_impossible', 'isolation_not_available', 'transition_not_allowed', 'placement_immutable', 'change_not_available']);

/** Decides whether the tenant may become what is declared. A refusal changes nothing and leaves its own entry. */
export function createDecide({ store, admit, requireTemporal }: DecideDependencies): (request: DeclareTenantRequest, current: TenantDocument | undefined) => Promise<Decided> {
  async function refuse(error: unknown, request: DeclareTenantRequest, action: string, current: TenantDocument | undefined, policy?: PolicyDecision): Promise<never> {
    if (error instanceof TenureError && recordedRefusals.has(error.code)) {
      await recordEntries(store.commit, [
        refusalEntry(request.caller, {
          action,
          target: { kind: 'Tenant', name: request.name, ...(current === undefined ? {} : { uid: current._id }) },
          ...(current === undefined ? {} : { tenant: current._id }),
          ...(policy === undefined ? {} : { policy }),
          reason: error.code,
        }),
      ]);
    }
    throw error;
  }

  return async (request, current) => {
    const declaration = request.declare(current);
    const action = current === undefined ? 'tenant.create' : 'tenant.update';
    let change: TenantChange;
    try {
      change = planTenantChange(declaration.spec, current, canonicallyEqual);
    } catch (error) {
      return refuse(error, request, action, current);
    }
    const unchanged =
      current !== undefined && canonicallyEqual(change.spec, current.spec) && canonicallyEqual(declaration.labels, current.labels) && canonicallyEqual(declaration.annotations, current.annotations);
    if (unchanged && (change.path === undefined || current.operation?.kind === change.path)) return { kind: 'unchanged', current };
    if (current?.operation != null) {
      throw new TenureError('operation_in_progress', `operation ${current.operation.id} (${current.operation.kind}) is running`, { operationId: current.operation.id });
    }
    const asked = change.path === undefined ? action : (`tenant.${change.path}` as const);
    const admission = await admit({
      action: asked,
      actor: request.caller.actor,
      tenant: { name: request.name, ...(current === undefined ? {} : { uid: current._id }), lifecycle: current?.lifecycle ?? 'Draft', spec: change.spec },
      placement: current?.placement ?? null,
    });
    const { verdict } = admission;
    try {
      if (!verdict.allow) throw policyRefusal(verdict);
      if (change.path !== undefined) {
        if (admission.plan !== undefined) choosePlacement({ spec: change.spec, plan: admission.plan.spec, regions: admission.regions, cells: await store.cells.observations() });
        await requireTemporal();
      }
    } catch (error) {
      return refuse(error, request, asked, current, verdict.decision);
    }
    return { kind: 'change', action: asked, declaration, change, policy: verdict.decision };
  };
}
