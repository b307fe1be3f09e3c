import type { DeclarableLifecycle, IsolationMode, LifecycleState } from '../../contracts/lifecycle.ts';
import type { TenantSpec } from '../../contracts/manifests/tenant.ts';

/** Where a tenant stands between two operations: its state, and of a deleted one where undelete leads. */
export type Standing = 'Draft' | 'Active' | 'Suspended' | 'Archived' | 'Deleted Draft' | 'Deleted' | 'Purged';

/** A tenant of the fault tests, as it is declared to be. */
export interface KnownTenant {
  readonly name: string;
  readonly uid: string;
  readonly region: string;
  readonly mode: IsolationMode;
  readonly standing: Standing;
  readonly plan: string;
  readonly services: TenantSpec['services'];
  /** Documents in it, by collection. Empty while it has never been Active. */
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
