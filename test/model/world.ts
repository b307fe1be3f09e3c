import { transitions } from '../../contracts/lifecycle.ts';
import type { DeclarableLifecycle, LifecycleEnd, LifecycleState, OperationKind } from '../../contracts/lifecycle.ts';
import type { FinalOperationState } from '../../contracts/operation-states.ts';

/** Plans that the model's installation has; any other name is a plan that is not there. */
export const knownPlans: readonly string[] = ['basic', 'plus'];

/** How far a running operation is: before anything that cannot be taken back is decided, past it, or nobody has looked. */
export type Standing = 'early' | 'late' | 'unknown';

/** What an operation writes into the declaration. */
export interface Assigned {
  readonly declared?: DeclarableLifecycle;
  readonly plan?: string;
  readonly flawed?: boolean;
}

export interface Owned {
  readonly lifecycle: boolean;
  readonly plan: boolean;
}

interface Path {
  readonly id: string;
  readonly kind: OperationKind;
  readonly from: LifecycleState;
  readonly to: LifecycleEnd;
}

export interface RunningOperation extends Path {
  readonly stands: Standing;
  /** How it may still end. */
  readonly ends: readonly FinalOperationState[];
  /** Whether its cancellation was accepted. */
  readonly cancelled: boolean;
  /** What it takes back when it does not succeed. */
  readonly undo: Assigned & { readonly scheduled?: string | null; readonly owned: Partial<Owned> };
}

interface PendingOperation extends Path {
  readonly assign: Assigned;
}

/** A tenant as the model understands it: its declaration, where it is in its life, and what runs. */
export interface ModelTenant {
  readonly state: LifecycleState;
  readonly declared: DeclarableLifecycle;
  readonly plan: string;
  readonly title: string | null;
  /** Whether its services are such that mongod refuses them. */
  readonly flawed: boolean;
  readonly hold: string | null;
  readonly scheduled: string | null;
  /** The plan in effect. */
  readonly bound: string | null;
  readonly deletedFrom: 'Draft' | 'Archived' | null;
  readonly owned: Owned;
  /** Documents that were written into its collection. */
  readonly documents: number;
  readonly operation: RunningOperation | null;
  readonly pending: PendingOperation | null;
  /** What the ledger must tell of it, in order. */
  readonly events: readonly string[];
}

/** Everything that may be so of one name. The model keeps several when it cannot know which one is. */
export interface World {
  readonly tenant: ModelTenant | null;
  /** Of each purged tenant of this name: what the ledger must tell of it. */
  readonly past: readonly (readonly string[])[];
  /** How operations have ended. */
  readonly ended: Readonly<Record<string, FinalOperationState>>;
  /** Whether the revision has moved since the model last looked. */
  readonly moved: boolean;
}

export const emptyWorld: World = { tenant: null, past: [], ended: {}, moved: false };

/** Event words of each path: what it tells when it succeeds, and when it does not. */
const words: Readonly<Record<OperationKind, readonly [string, string]>> = {
  activate: ['activated', 'activation_failed'],
  suspend: ['suspended', 'suspension_failed'],
  resume: ['resumed', 'resumption_failed'],
  archive: ['archived', 'archival_failed'],
  reactivate: ['reactivated', 'reactivation_failed'],
  delete: ['deleted', 'deletion_failed'],
  undelete: ['undeleted', 'undeletion_failed'],
  purge: ['purged', 'purge_failed'],
  change_plan: ['plan_changed', 'plan_change_failed'],
  reconcile: ['reconciled', 'reconciliation_failed'],
};

export function withEvent(tenant: ModelTenant, word: string): ModelTenant {
  return { ...tenant, events: [...tenant.events, `tenant.${word}.v1`] };
}

/** Where a path leads from here; `undefined` where it does not lead on. */
export function leads(path: OperationKind, tenant: ModelTenant): LifecycleEnd | undefined {
  const ways = transitions.filter((way) => way.path === path && way.from === tenant.state);
  return path === 'undelete' ? ways.find((way) => way.to === tenant.deletedFrom)?.to : ways[0]?.to;
}

/** The path that a manifest takes from one state to another. */
export function declaredWay(from: LifecycleState, to: DeclarableLifecycle): OperationKind | undefined {
  return transitions.find((way) => way.from === from && way.to === to && way.to !== way.from && way.path !== 'undelete')?.path;
}

function endsAhead(kind: OperationKind, tenant: ModelTenant): FinalOperationState[] {
  const refusedByMongod = tenant.flawed && (kind === 'activate' || kind === 'reconcile');
  const refusedByHold = tenant.hold !== null && (kind === 'delete' || kind === 'purge');
  return refusedByMongod || refusedByHold ? ['failed'] : ['succeeded'];
}

/** The tenant with an operation that has the lock. `by`: a verb owns what it writes, a manifest leaves it to nobody. */
export function begun(tenant: ModelTenant, path: Path, assign: Assigned, by: 'verb' | 'manifest'): ModelTenant {
  const owned = { ...(assign.declared === undefined ? {} : { lifecycle: by === 'verb' }), ...(assign.plan === undefined ? {} : { plan: by === 'verb' }) };
  const before = Object.fromEntries(Object.keys(assign).map((field) => [field, tenant[field as keyof Assigned]])) as Assigned;
  const ownedBefore = Object.fromEntries(Object.keys(owned).map((field) => [field, tenant.owned[field as keyof Owned]])) as Partial<Owned>;
  const after = { ...tenant, ...assign, owned: { ...tenant.owned, ...owned }, ...(path.kind === 'change_plan' ? { scheduled: null } : {}) };
  return { ...after, operation: { ...path, stands: 'unknown', ends: endsAhead(path.kind, after), cancelled: false, undo: { ...before, ...(path.kind === 'change_plan' ? { scheduled: tenant.scheduled } : {}), owned: ownedBefore } } };
}

/** Whether the operation is being undone: sure where it was cancelled, possible where it may fail. */
export function isBeingUndone({ cancelled, ends }: RunningOperation): 'yes' | 'maybe' | 'no' {
  if (cancelled) return 'yes';
  return ends.includes('failed') ? 'maybe' : 'no';
}

/** The tenant as it is when what runs has been undone. */
export function undone(tenant: ModelTenant): ModelTenant {
  if (tenant.operation === null) return tenant;
  const { owned, scheduled = null, ...fields } = tenant.operation.undo;
  return { ...tenant, ...fields, scheduled: tenant.scheduled ?? scheduled, owned: { ...tenant.owned, ...owned }, operation: null };
}

function succeeded(tenant: ModelTenant, { kind, to }: RunningOperation): ModelTenant {
  const at = { ...tenant, operation: null, state: to as LifecycleState };
  switch (kind) {
    case 'activate':
    case 'change_plan':
      return { ...at, bound: tenant.plan };
    case 'delete':
      return { ...at, deletedFrom: tenant.state as 'Draft' | 'Archived' };
    case 'undelete':
      return { ...at, deletedFrom: null };
    default:
      return at;
  }
}

/** The world when the running operation has ended so, and the one that waited for it has begun or was given up. */
export function endedAs(world: World, end: FinalOperationState): World {
  const { tenant } = world;
  if (tenant?.operation == null) return world;
  const { id, kind } = tenant.operation;
  const ended = { ...world.ended, [id]: end };
  const told = withEvent(tenant, words[kind][end === 'succeeded' ? 0 : 1]);
  if (kind === 'purge' && end === 'succeeded') return { tenant: null, past: [...world.past, told.events], ended, moved: true };
  const after = end === 'succeeded' ? succeeded(told, tenant.operation) : undone(told);
  const next = after.pending;
  if (next === null) return { ...world, tenant: after, ended, moved: true };
  const free = { ...after, pending: null };
  if (next.from !== after.state) return { ...world, tenant: free, ended: { ...ended, [next.id]: 'failed' }, moved: true };
  const { assign, ...path } = next;
  return { ...world, tenant: begun(free, path, assign, 'verb'), ended, moved: true };
}

/** The world with a running operation of which cancellation was accepted: it may have failed by then, but does not succeed any more. */
export function cancelling(tenant: ModelTenant): ModelTenant {
  const { operation } = tenant;
  if (operation === null || (operation.kind === 'purge' && operation.stands === 'late')) return tenant;
  const otherwise = operation.stands === 'unknown' ? operation.ends.filter((end) => end !== 'succeeded' && end !== 'cancelled') : [];
  const ends: FinalOperationState[] = [...otherwise, 'cancelled'];
  return { ...tenant, operation: { ...operation, ends, cancelled: true } };
}
