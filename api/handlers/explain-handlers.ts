import { priceDifference } from '../../domain/money.ts';
import { declaredTables } from '../../domain/isolation.ts';
import { configEntries } from '../../domain/tenant-template.ts';
import { resolvePlacement } from '../../domain/placement.ts';
import type { Candidate } from '../../domain/placement.ts';
import type { Admit } from '../../engines/admission/admission.ts';
import type { Caller } from '../../engines/requests/caller.ts';
import type { Templates } from '../../engines/rollouts/templates.ts';
import type { TenantDocument } from '../../store/documents.ts';
import type { Store } from '../../store/store.ts';
import { absent, tenantTarget } from '../authorization.ts';
import type { Authorize } from '../authorization.ts';
import type { RouteHandlers } from '../reply.ts';

export interface ExplainDependencies {
  readonly store: Pick<Store, 'resources' | 'cells' | 'drift'>;
  readonly authorize: Authorize;
  readonly admit: Admit;
  readonly templates: Templates;
}

/** A caller confined to tenants must not see the load that other tenants put on a cell. */
function removal(
  { rule, message, load }: NonNullable<Candidate['removedBy']>,
  { actor }: Caller,
): { rule: string; message: string } {
  return { rule, message: load === undefined || actor.tenants !== undefined ? message : `${message}: ${load}` };
}

/**
 * Explains plan changes, placement, drift and configuration, with the code that makes the changes. It changes nothing.
 */
export function explainHandlers({
  store,
  authorize,
  admit,
  templates,
}: ExplainDependencies): Pick<
  RouteHandlers,
  'previewPlanOfTenant' | 'explainPlacementOfTenant' | 'driftOfTenant' | 'configOfTenant'
> {
  async function read(name: string, caller: Caller): Promise<TenantDocument> {
    const tenant = await store.resources.find('Tenant', name);
    await authorize(caller, 'tenant.get', tenantTarget(name, tenant));
    if (tenant === undefined) throw absent({ kind: 'Tenant', name });
    return tenant;
  }

  function askPolicy(caller: Caller, tenant: TenantDocument, plan: string): ReturnType<Admit> {
    const { _id: uid, name, lifecycle, spec, placement, deletion } = tenant;
    return admit({
      action: 'tenant.change_plan',
      actor: caller.actor,
      tenant: { name, uid, lifecycle, spec: { ...spec, plan } },
      placement,
      deletion,
    });
  }

  return {
    async previewPlanOfTenant({ params: { name }, query, caller }) {
      const tenant = await read(name, caller);
      const [{ verdict, plan: next }, current] = await Promise.all([
        askPolicy(caller, tenant, query.plan),
        store.resources.find('Plan', tenant.spec.plan),
      ]);
      const side = (
        plan: string,
        spec: typeof next,
      ): { plan: string; quotas?: { tables: number }; price?: { amount: string; currency: string } } => ({
        plan,
        ...(spec === undefined ? {} : { quotas: spec.spec.quotas }),
        ...(spec?.spec.price === undefined ? {} : { price: spec.spec.price }),
      });
      const monthlyDifference = priceDifference(current?.spec.price, next?.spec.price);
      return {
        status: 200,
        body: {
          allowed: verdict.allow,
          deny: [...verdict.deny],
          current: side(tenant.spec.plan, current),
          next: side(query.plan, next),
          usage: { tables: declaredTables(tenant.spec) },
          ...(monthlyDifference === undefined ? {} : { monthlyDifference }),
        },
      };
    },
    async driftOfTenant({ params: { name }, caller }) {
      const drift = await store.drift.find(await read(name, caller));
      return {
        status: 200,
        body: {
          name,
          ...(drift === undefined ? {} : { cell: drift.cell, checkTime: drift.checkTime.toISOString() }),
          findings: drift?.findings ?? [],
        },
      };
    },
    async configOfTenant({ params: { name }, caller }) {
      const { spec } = await read(name, caller);
      const values = configEntries(await templates.of(spec), spec.config);
      return {
        status: 200,
        body: { name, ...(spec.template === undefined ? {} : { template: spec.template }), values },
      };
    },
    async explainPlacementOfTenant({ params: { name }, caller }) {
      const tenant = await read(name, caller);
      const [{ plan, regions }, cells] = await Promise.all([
        askPolicy(caller, tenant, tenant.spec.plan),
        store.cells.observations(),
      ]);
      const { spec, placement } = tenant;
      // Without the plan, placement cannot be resolved, so no region is allowed.
      const resolved = resolvePlacement({
        spec,
        plan: plan?.spec ?? { isolationModes: ['dedicated'], allowedRegions: [], quotas: { tables: 0 } },
        regions,
        cells,
      });
      return {
        status: 200,
        body: {
          ...(placement === null ? {} : { current: placement }),
          ...(resolved.outcome === 'placed' ? { chosen: resolved.choice } : {}),
          tables: declaredTables(spec),
          candidates: resolved.candidates.map(({ region, cell, removedBy }) => ({
            region,
            ...(cell === undefined ? {} : { cell }),
            ...(removedBy === undefined ? {} : { removedBy: removal(removedBy, caller) }),
          })),
        },
      };
    },
  };
}
