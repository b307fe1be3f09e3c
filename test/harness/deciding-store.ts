import assert from 'node:assert/strict';
import { tenantSpecSchema } from '../../contracts/manifests/tenant.ts';
import type { TenantSpec } from '../../contracts/manifests/tenant.ts';
import { createAdmit } from '../../engines/admission/admission.ts';
import type { ChangeTenant, Declare } from '../../engines/changes/change-request.ts';
import { createChangeTenant } from '../../engines/changes/change-tenant.ts';
import { loadPolicyEngine } from '../../engines/policy/policy-engine.ts';
import type { Precondition } from '../../engines/requests/precondition.ts';
import { createTemplates } from '../../engines/rollouts/templates.ts';
import { storageVersion } from '../../store/documents.ts';
import type { OperationDocument, PlanDocument, RegionDocument, TenantDocument } from '../../store/documents.ts';
import type { Store } from '../../store/store.ts';
import type { AttachedStack } from '../../tools/stack/attach.ts';
import { anyEntry, caller, openControlStore } from './control-store.ts';
import type { ControlStore } from './control-store.ts';
import { tenantManifest } from './manifests.ts';
import { showCells } from './seen-cells.ts';

/** What the control database contains about one tenant. */
export interface TenantRecords {
  readonly tenant: TenantDocument;
  readonly operations: OperationDocument[];
  readonly generations: number;
}

/** A control database in which tenants are changed without an API and a worker. */
export interface DecidingStore extends ControlStore {
  /** The use case of an API that has this store. */
  changing(store: Store): ChangeTenant;
  records(name: string): Promise<TenantRecords>;
  /** Creates a tenant in this state, as its operations would have left it. */
  tenantIn(name: string, lifecycle: 'Active' | 'Suspended'): Promise<TenantDocument>;
  /** Writes what the end of an operation writes, simplified. */
  move(name: string, lifecycle: 'Active' | 'Suspended'): Promise<void>;
}

export const specOf = (name: string, change: Partial<TenantSpec> = {}): TenantSpec =>
  tenantSpecSchema.parse({ ...tenantManifest(name).spec, ...change });

export const declaration = (name: string, precondition: Precondition, declared: TenantSpec): Declare => ({
  name,
  declare: () => ({ labels: {}, annotations: {}, spec: declared }),
  precondition,
  caller,
  alsoCommit: async () => undefined,
});

/** Opens a control database with one plan, `startup`, and one region. */
export async function openDecidingStore(stack: AttachedStack): Promise<DecidingStore> {
  const opened = await openControlStore(stack);
  const { store } = opened;
  const policy = await loadPolicyEngine({ bundleDirectory: stack.processEnvironment()['TENURE_POLICY_BUNDLE'] ?? '' });
  const common = {
    storageVersion,
    labels: {},
    annotations: {},
    generation: 1,
    revision: 1,
    createTime: new Date(),
    updateTime: new Date(),
  } as const;
  const plan: PlanDocument = {
    ...common,
    _id: store.newId(),
    kind: 'Plan',
    name: 'startup',
    spec: { isolationModes: ['dedicated'], quotas: { tables: 100 } },
  };
  const region: RegionDocument = {
    ...common,
    _id: store.newId(),
    kind: 'Region',
    name: 'eu-west-1',
    spec: { jurisdiction: 'EU', cells: [{ name: 'eu-west-1-a', tableBudget: 20_000 }], acceptsTenants: true },
  };
  for (const resource of [plan, region])
    await store.commit(async (tx) => ({
      result: await store.resources.insert(tx, resource),
      entries: [anyEntry(resource._id)],
    }));
  await showCells(opened);
  const changing = (own: Store): ChangeTenant =>
    createChangeTenant({
      store: own,
      admit: createAdmit({ ...own, policy, keyProvider: { keys: [] } }),
      templates: createTemplates(own),
      brake: { approach: async () => async () => undefined },
      requireTemporal: async () => undefined,
      failpoints: { reach: async () => undefined },
    });
  const db = opened.control.db(opened.databases.control);

  async function records(name: string): Promise<TenantRecords> {
    const tenant = await store.resources.find('Tenant', name);
    assert.ok(tenant !== undefined);
    return {
      tenant,
      operations: await db.collection<OperationDocument>('operations').find({ 'tenant.uid': tenant._id }).toArray(),
      generations: await db.collection('revisions').countDocuments({ '_id.uid': tenant._id }),
    };
  }

  async function move(name: string, lifecycle: 'Active' | 'Suspended'): Promise<void> {
    const placement = { region: 'eu-west-1', cell: 'eu-west-1-a', mode: 'dedicated' };
    await db
      .collection('resources')
      .updateOne(
        { name },
        { $set: { lifecycle, 'spec.lifecycle': lifecycle, placement }, $inc: { revision: 1, generation: 1 } },
      );
  }

  return {
    ...opened,
    changing,
    records,
    move,
    async tenantIn(name, lifecycle) {
      await changing(store)(declaration(name, { kind: 'absent' }, specOf(name)));
      await move(name, lifecycle);
      return (await records(name)).tenant;
    },
  };
}
