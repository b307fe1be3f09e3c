import type { DeclarableLifecycle, IsolationMode, LifecycleState } from '../../contracts/lifecycle.ts';
import type { TenantSpec } from '../../contracts/manifests/tenant.ts';

/** The state of a tenant between two operations; for a deleted tenant, also the state to which undelete leads. */
export type Standing = 'Draft' | 'Active' | 'Suspended' | 'Archived' | 'Deleted Draft' | 'Deleted' | 'Purged';

/** A tenant of the fault tests, with what is declared for it. */
export interface KnownTenant {
  readonly name: string;
  readonly uid: string;
  readonly region: string;
  readonly mode: IsolationMode;
  readonly standing: Standing;
  readonly plan: string;
  readonly services: TenantSpec['services'];
  /** How many documents each collection has. Empty if the tenant has never been Active. */
  readonly documents: Readonly<Record<string, number>>;
}

interface DeclaredStanding {
  readonly lifecycle: LifecycleState;
  readonly specLifecycle: DeclarableLifecycle;
  readonly deletedFrom: 'Draft' | 'Archived' | null;
  readonly hasHome: boolean;
}

export const standings: Readonly<Record<Exclude<Standing, 'Purged'>, DeclaredStanding>> = {
  Draft: { lifecycle: 'Draft', specLifecycle: 'Draft', deletedFrom: null, hasHome: false },
  Active: { lifecycle: 'Active', specLifecycle: 'Active', deletedFrom: null, hasHome: true },
  Suspended: { lifecycle: 'Suspended', specLifecycle: 'Suspended', deletedFrom: null, hasHome: true },
  Archived: { lifecycle: 'Archived', specLifecycle: 'Archived', deletedFrom: null, hasHome: true },
  'Deleted Draft': { lifecycle: 'Deleted', specLifecycle: 'Draft', deletedFrom: 'Draft', hasHome: false },
  Deleted: { lifecycle: 'Deleted', specLifecycle: 'Archived', deletedFrom: 'Archived', hasHome: true },
};
