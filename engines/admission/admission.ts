import { resolvePlacement } from '../../domain/placement.ts';
import type { PlacementChoice, PlacementInput } from '../../domain/placement.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { LifecycleState } from '../../contracts/lifecycle.ts';
import type { PlacementStatus, TenantSpec } from '../../contracts/manifests/tenant.ts';
import type { AdmissionRequest, PolicyActor } from '../../contracts/policy.ts';
import type { ControlClock } from '../../store/control-clock.ts';
import type { Deletion, DocumentOfKind } from '../../store/documents.ts';
import type { SecretStore } from '../../store/secrets.ts';
import type { ResourceStore } from '../../store/resources.ts';
import type { KeyProvider } from '../keys/key-provider.ts';
import type { PolicyEngine, PolicyVerdict } from '../policy/policy-engine.ts';

/**
 * Chooses the place for a tenant.
 * @throws TenureError cell_unavailable if waiting may help; placement_impossible, with the reason for each candidate
 */
export function choosePlacement(input: PlacementInput): PlacementChoice {
  const placed = resolvePlacement(input);
  if (placed.outcome === 'placed') return placed.choice;
  if (placed.waitMayHelp)
    throw new TenureError('cell_unavailable', 'none of the cells that could take the tenant is reachable now');
  const errors = placed.candidates.map(({ region, cell, removedBy }) => ({
    message: `${cell ?? region}: ${removedBy?.message ?? 'not chosen'}`,
    ...(removedBy === undefined ? {} : { rule: removedBy.rule }),
  }));
  throw new TenureError('placement_impossible', 'no region or cell can take the tenant', { errors });
}

/** A question to policy about a tenant. */
export interface AdmissionQuestion {
  readonly action: AdmissionRequest['action'];
  readonly actor: PolicyActor;
  readonly tenant: {
    readonly name: string;
    readonly uid?: string;
    readonly lifecycle: LifecycleState;
    readonly spec: TenantSpec;
  };
  readonly placement?: PlacementStatus | null;
  readonly deletion?: Deletion | null;
  /** A purge before its time. */
  readonly early?: boolean;
}

/** The answer, with the facts that it is based on. */
export interface Admission {
  readonly verdict: PolicyVerdict;
  readonly plan: DocumentOfKind<'Plan'> | undefined;
  readonly regions: readonly DocumentOfKind<'Region'>[];
}

/**
 * Collects the facts from the registry and asks policy. The API uses it for the early check, the activity for the final
 * one.
 */
export type Admit = (question: AdmissionQuestion) => Promise<Admission>;

/**
 * Actions whose rules check which key wraps the tenant's data key; a test compares the set with `policies/data.json`.
 */
export const asksForDataKey: ReadonlySet<AdmissionRequest['action']> = new Set([
  'tenant.open',
  'tenant.resume',
  'tenant.reactivate',
  'tenant.reconcile',
  'tenant.change_plan',
] as const);

export interface AdmissionDependencies {
  readonly resources: Pick<ResourceStore, 'planAndRegions'>;
  readonly secrets: Pick<SecretStore, 'find'>;
  readonly clock: Pick<ControlClock, 'now'>;
  readonly policy: Pick<PolicyEngine, 'admit'>;
  readonly keyProvider: Pick<KeyProvider, 'keys'>;
}

export function createAdmit({ resources, secrets, clock, policy, keyProvider }: AdmissionDependencies): Admit {
  return async ({ action, actor, tenant, placement, deletion, early }) => {
    const [{ plan, regions }, dataKey] = await Promise.all([
      resources.planAndRegions(tenant.spec.plan),
      tenant.uid === undefined || !asksForDataKey.has(action) ? undefined : secrets.find(tenant.uid, 'data-key'),
    ]);
    const verdict = policy.admit({
      v: 1,
      now: clock.now().toISOString(),
      action,
      actor,
      tenant,
      ...(plan === undefined ? {} : { plan: { name: plan.name, spec: plan.spec } }),
      regions: regions.map(({ name, spec }) => ({ name, spec })),
      ...(placement == null
        ? {}
        : { placement: { region: placement.region, cell: placement.cell, mode: placement.mode } }),
      ...(deletion == null
        ? {}
        : { deletion: { deleteTime: deletion.deleteTime.toISOString(), purgeTime: deletion.purgeTime.toISOString() } }),
      ...(dataKey === undefined ? {} : { dataKey: { wrappedBy: dataKey.key } }),
      wrappingKeys: [...keyProvider.keys],
      ...(early === true ? { early } : {}),
    });
    return { verdict, plan, regions };
  };
}

/** The error for a verdict that denies. */
export function policyRefusal(verdict: PolicyVerdict): TenureError {
  return new TenureError('policy_refused', verdict.deny.map((denial) => denial.message).join('; '), {
    errors: verdict.deny,
  });
}
