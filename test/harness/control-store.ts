import { MongoClient } from 'mongodb';
import type { Caller } from '../../engines/requests/caller.ts';
import type { Transaction } from '../../store/commit.ts';
import type { OperationDocument, TenantDocument } from '../../store/documents.ts';
import type { LedgerDraft } from '../../store/ledger.ts';
import { createStore } from '../../store/store.ts';
import type { Store } from '../../store/store.ts';
import { draftTenant } from '../../store/tenants.ts';
import type { AttachedStack } from '../../tools/stack/attach.ts';
import { createUlidFactory } from '../../store/ulid.ts';
import { tenantManifest } from './manifests.ts';
import { tenantSpecSchema } from '../../contracts/manifests/tenant.ts';

const newId = createUlidFactory();

/** The control data alone, in databases of its own, without API and worker. */
export interface ControlStore {
  readonly store: Store;
  readonly control: MongoClient;
  readonly databases: { readonly control: string; readonly secrets: string };
  /** A second store on the same data, as in another process. */
  another(): Store;
  close(): Promise<void>;
}

export async function openControlStore(stack: Pick<AttachedStack, 'mongod'>): Promise<ControlStore> {
  const id = newId().slice(-12);
  const databases = { control: `tenure_${id}`, secrets: `tenure_${id}_secrets` };
  const control = new MongoClient(stack.mongod.control.adminUri);
  const open = (): Store => createStore({ client: control, names: databases, installation: `test-${id}` });
  const store = open();
  await store.prepare();
  return {
    store,
    control,
    databases,
    another: open,
    async close() {
      await control.db(databases.control).dropDatabase();
      await control.db(databases.secrets).dropDatabase();
      await control.close();
    },
  };
}

export const caller: Caller = {
  actor: { subject: 'alice@example.com', roles: ['admin'] },
  requestId: 'request-1',
  correlationId: 'correlation-1',
};

/** An entry with arbitrary content. */
export function anyEntry(tenant: string): LedgerDraft {
  return { ...caller, tenant, action: 'tenant.update', target: { kind: 'Tenant', uid: tenant }, outcome: 'succeeded' };
}

/** The fields of an accepted activation that are the same for every tenant. */
export const activation = {
  kind: 'activate',
  from: 'Draft',
  to: 'Active',
  assign: { lifecycle: 'Active' },
  restore: { lifecycle: 'Draft' },
  before: { deletion: null, plan: null, owners: {} },
} as const;

/** Inserts a Draft into the registry. */
export async function insertDraft(store: Store, name: string): Promise<TenantDocument> {
  const uid = store.newId();
  const spec = tenantSpecSchema.parse(tenantManifest(name).spec);
  return store.commit(async (tx) => ({
    result: await store.resources.insert(tx, draftTenant(uid, name, { labels: {}, annotations: {}, spec }, tx.time)),
    entries: [anyEntry(uid)],
  }));
}

/** Inserts a tenant with an accepted activation, as the API leaves it. */
export async function acceptActivation(
  store: Store,
  name: string,
): Promise<{ readonly tenant: TenantDocument; readonly operation: OperationDocument }> {
  const draft = await insertDraft(store, name);
  const id = store.newId();
  const accept = async (tx: Transaction) => {
    const fence = draft.lastFence + 1;
    const tenant = await store.resources.replace(tx, draft.revision, {
      ...draft,
      revision: 2,
      lastFence: fence,
      operation: { id, kind: 'activate', fence },
    });
    const operation = await store.operations.insert(tx, {
      id,
      ...activation,
      tenant: { uid: draft._id, name },
      generation: 1,
      fence,
      ...caller,
    });
    return { result: { tenant, operation }, entries: [anyEntry(draft._id)] as const };
  };
  return store.commit(accept);
}
