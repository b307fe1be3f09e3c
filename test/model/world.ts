import { transitions } from '../../contracts/lifecycle.ts';
import type { DeclarableLifecycle, LifecycleEnd, LifecycleState, OperationKind } from '../../contracts/lifecycle.ts';
import type { FinalOperationState } from '../../contracts/operation-states.ts';

/** The plans of the model's installation. A plan with any other name does not exist. */
export const knownPlans: readonly string[] = ['basic', 'plus'];

/** How far a running operation is: before the point after which it cannot be undone, past that point, or unknown. */
export type Standing = 'early' | 'late' | 'unknown';

/** The fields that an operation writes into the declaration. */
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
  /** The ends that are still possible. */
  readonly ends: readonly FinalOperationState[];
  /** Whether its cancellation was accepted. */
  readonly cancelled: boolean;
  /** What is rolled back if it does not succeed. */
  readonly undo: Assigned & { readonly scheduled?: string | null; readonly owned: Partial<Owned> };
  /** The operations that follow it if it succeeds, and are cancelled if it does not. */
  readonly next: readonly Following[];
  /** The operation that would have followed it was cancelled. */
  readonly cutShort?: true;
}

/** An operation that follows another, and what is rolled back if it does not succeed. */
export interface Following extends Path {
  readonly undo: Assigned;
  readonly owned: Partial<Owned>;
  readonly cutShort?: true;
}

/** One of the operations that a manifest asks for. */
export interface Leg {
  readonly kind: OperationKind;
  readonly from: LifecycleState;
  readonly to: LifecycleEnd;
  readonly assign: Assigned;
}

interface PendingOperation extends Path {
  readonly assign: Assigned;
}

/** A tenant as the model understands it: its declaration, its lifecycle state, and its operations. */
export interface ModelTenant {
  readonly state: LifecycleState;
  readonly declared: DeclarableLifecycle;
  readonly plan: string;
  readonly title: string | null;
  /** Whether mongod refuses its services. */
  readonly flawed: boolean;
  readonly hold: string | null;
  readonly scheduled: string | null;
  /** The plan in effect. */
  readonly bound: string | null;
  readonly deletedFrom: 'Draft' | 'Archived' | null;
  readonly owned: Owned;
  /** Documents that were written into its collection. */
  readonly documents: number;
  /** Whether the last declaration is not in effect, because an operation for it failed or was cancelled. */
  readonly takenBack: boolean;
  readonly operation: RunningOperation | null;
  readonly pending: PendingOperation | null;
  /** The events that the ledger must have for it, in order. */
  readonly events: readonly string[];
}

/**
 * One possible state of everything with one name. The model keeps several worlds when it cannot know which one is real.
 */
export interface World {
  readonly tenant: ModelTenant | null;
  /** For each purged tenant with this name, the events that the ledger must have. */
  readonly past: readonly (readonly string[])[];
  /** How operations have ended. */
  readonly ended: Readonly<Record<string, FinalOperationState>>;
  /** Whether the revision has changed since the model last read it. */
  readonly moved: boolean;
}

export const emptyWorld: World = { tenant: null, past: [], ended: {}, moved: false };

/** The words in the event types of each path: for success, and for any other end. */
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

/** Where a path leads from the tenant's state; `undefined` if it cannot be taken from there. */
export function leads(path: OperationKind, tenant: ModelTenant): LifecycleEnd | undefined {
  const ways = transitions.filter((way) => way.path === path && way.from === tenant.state);
  return path === 'undelete' ? ways.find((way) => way.to === tenant.deletedFrom)?.to : ways[0]?.to;
}

/**
 * The paths that a manifest takes from one state to another, and the states on the way; `undefined` if there is no way.
 */
const ways: Readonly<Record<string, readonly (readonly [OperationKind, LifecycleState])[] | undefined>> = {
  'Draft Active': [['activate', 'Active']],
  'Draft Suspended': [
    ['activate', 'Active'],
    ['suspend', 'Suspended'],
  ],
  'Draft Archived': [
    ['activate', 'Active'],
    ['suspend', 'Suspended'],
    ['archive', 'Archived'],
  ],
  'Active Suspended': [['suspend', 'Suspended']],
  'Active Archived': [
    ['suspend', 'Suspended'],
    ['archive', 'Archived'],
  ],
  'Suspended Active': [['resume', 'Active']],
  'Suspended Archived': [['archive', 'Archived']],
  'Archived Active': [['reactivate', 'Active']],
  'Archived Suspended': [
    ['reactivate', 'Active'],
    ['suspend', 'Suspended'],
  ],
};

const placesOf = { change_plan: ['Suspended', 'Active'], reconcile: ['Archived', 'Suspended', 'Active'] } as const;

/**
 * The operations of a manifest, in order. Plan and services change in a state in which the tenant is not served, if
 * there is one on the way; the plan changes first. `undefined` if there is no way to the target. A change that no state
 * on the way allows is left out.
 */
export function legsOf(
  from: LifecycleState,
  to: DeclarableLifecycle,
  changes: { readonly change_plan?: Assigned; readonly reconcile?: Assigned },
): Leg[] | undefined {
  const way = from === to ? [] : ways[`${from} ${to}`];
  if (way === undefined) return undefined;
  const states = [from, ...way.map(([, state]) => state)];
  const placeOf = (kind: 'change_plan' | 'reconcile'): number => {
    const quiet = states.findIndex(
      (state) => state !== 'Active' && (placesOf[kind] as readonly string[]).includes(state),
    );
    return quiet === -1 ? states.indexOf('Active') : quiet;
  };
  return states.flatMap((state, index): Leg[] => {
    const here = (['change_plan', 'reconcile'] as const).filter(
      (kind) => changes[kind] !== undefined && placeOf(kind) === index,
    );
    const next = way[index];
    return [
      ...here.map((kind): Leg => ({ kind, from: state, to: state, assign: changes[kind] ?? {} })),
      ...(next === undefined
        ? []
        : [{ kind: next[0], from: state, to: next[1], assign: { declared: next[1] as DeclarableLifecycle } }]),
    ];
  });
}

/**
 * The tenant after the first of these operations has begun. What they all assign is declared at once. `ids`: the ids of
 * all of them.
 */
export function begunAll(tenant: ModelTenant, legs: readonly Leg[], ids: readonly string[]): ModelTenant {
  let standing = tenant;
  const following: Following[] = [];
  for (const [index, { kind, from, to, assign }] of legs.entries()) {
    const later = Object.assign({}, ...legs.slice(index).map((leg) => leg.assign)) as Assigned;
    const undo = Object.fromEntries(
      Object.keys(later).map((field) => [field, standing[field as keyof Assigned]]),
    ) as Assigned;
    const owned = {
      ...(later.declared === undefined ? {} : { lifecycle: tenant.owned.lifecycle }),
      ...(later.plan === undefined ? {} : { plan: tenant.owned.plan }),
    };
    following.push({ id: ids[index] ?? '', kind, from, to, undo, owned });
    standing = Object.assign({}, standing, assign);
  }
  const all = Object.assign({}, ...legs.map(({ assign }) => assign)) as Assigned;
  const owned = {
    ...tenant.owned,
    ...(all.declared === undefined ? {} : { lifecycle: false }),
    ...(all.plan === undefined ? {} : { plan: false }),
  };
  return startsNext({ ...standing, owned }, following);
}

/** The tenant after the first of the following operations has begun. */
function startsNext(tenant: ModelTenant, [first, ...next]: readonly Following[]): ModelTenant {
  if (first === undefined) return tenant;
  const { undo, owned, ...path } = first;
  const plans = path.kind === 'change_plan';
  return {
    ...tenant,
    ...(plans ? { scheduled: null } : {}),
    operation: {
      ...path,
      stands: 'unknown',
      ends: endsAhead(path.kind, tenant),
      cancelled: false,
      undo: { ...undo, ...(plans ? { scheduled: tenant.scheduled } : {}), owned },
      next,
    },
  };
}

function endsAhead(kind: OperationKind, tenant: ModelTenant): FinalOperationState[] {
  const refusedByMongod = tenant.flawed && (kind === 'activate' || kind === 'reconcile');
  const refusedByHold = tenant.hold !== null && (kind === 'delete' || kind === 'purge');
  return refusedByMongod || refusedByHold ? ['failed'] : ['succeeded'];
}

/**
 * The tenant with an operation that has the lock. `by`: a verb owns the fields that it writes, a manifest leaves them
 * without an owner.
 */
export function begun(tenant: ModelTenant, path: Path, assign: Assigned, by: 'verb' | 'manifest'): ModelTenant {
  const owned = {
    ...(assign.declared === undefined ? {} : { lifecycle: by === 'verb' }),
    ...(assign.plan === undefined ? {} : { plan: by === 'verb' }),
  };
  const before = Object.fromEntries(
    Object.keys(assign).map((field) => [field, tenant[field as keyof Assigned]]),
  ) as Assigned;
  const ownedBefore = Object.fromEntries(
    Object.keys(owned).map((field) => [field, tenant.owned[field as keyof Owned]]),
  ) as Partial<Owned>;
  const after = {
    ...tenant,
    ...assign,
    owned: { ...tenant.owned, ...owned },
    ...(path.kind === 'change_plan' ? { scheduled: null } : {}),
  };
  return {
    ...after,
    operation: {
      ...path,
      stands: 'unknown',
      ends: endsAhead(path.kind, after),
      cancelled: false,
      undo: { ...before, ...(path.kind === 'change_plan' ? { scheduled: tenant.scheduled } : {}), owned: ownedBefore },
      next: [],
    },
  };
}

/** Whether the operation is being undone: `yes` if it was cancelled, `maybe` if it may fail. */
export function isBeingUndone({ cancelled, ends }: RunningOperation): 'yes' | 'maybe' | 'no' {
  if (cancelled) return 'yes';
  return ends.includes('failed') ? 'maybe' : 'no';
}

/** The tenant after its running operation is undone. */
export function undone(tenant: ModelTenant): ModelTenant {
  if (tenant.operation === null) return tenant;
  const { owned, scheduled = null, ...fields } = tenant.operation.undo;
  return {
    ...tenant,
    ...fields,
    scheduled: tenant.scheduled ?? scheduled,
    owned: { ...tenant.owned, ...owned },
    operation: null,
  };
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

/**
 * The world after the running operation has ended in this way, and the one that waited for it has begun or was given
 * up.
 */
export function endedAs(world: World, end: FinalOperationState): World {
  const { tenant } = world;
  if (tenant?.operation == null) return world;
  const { id, kind, next: following } = tenant.operation;
  const ended = {
    ...world.ended,
    [id]: end,
    ...(end === 'succeeded' ? {} : Object.fromEntries(following.map((one) => [one.id, 'cancelled' as const]))),
  };
  const told = withEvent(tenant, words[kind][end === 'succeeded' ? 0 : 1]);
  if (kind === 'purge' && end === 'succeeded')
    return { tenant: null, past: [...world.past, told.events], ended, moved: true };
  const after = {
    ...(end === 'succeeded' ? succeeded(told, tenant.operation) : undone(told)),
    takenBack: end !== 'succeeded' || tenant.operation.cutShort === true,
  };
  if (end === 'succeeded' && following.length > 0)
    return { ...world, tenant: startsNext(after, following), ended, moved: true };
  const next = after.pending;
  if (next === null) return { ...world, tenant: after, ended, moved: true };
  const free = { ...after, pending: null };
  if (next.from !== after.state)
    return { ...world, tenant: free, ended: { ...ended, [next.id]: 'failed' }, moved: true };
  const { assign, ...path } = next;
  return { ...world, tenant: begun(free, path, assign, 'verb'), ended, moved: true };
}

/**
 * The tenant after the cancellation of its running operation is accepted: the operation may have failed before, but can
 * no longer succeed.
 */
export function cancelling(tenant: ModelTenant): ModelTenant {
  const { operation } = tenant;
  if (operation === null || (operation.kind === 'purge' && operation.stands === 'late')) return tenant;
  // At this point, an operation that can only fail has already failed and is undone.
  if (operation.stands === 'late' && operation.ends.every((end) => end === 'failed'))
    return { ...tenant, operation: { ...operation, cancelled: true } };
  const otherwise =
    operation.stands === 'unknown' ? operation.ends.filter((end) => end !== 'succeeded' && end !== 'cancelled') : [];
  const ends: FinalOperationState[] = [...otherwise, 'cancelled'];
  return { ...tenant, operation: { ...operation, ends, cancelled: true } };
}

/** The world after this following operation, and all after it, were cancelled before they began. */
export function withoutFollowers(world: World, id: string): World {
  const { tenant } = world;
  if (tenant?.operation == null) return world;
  const { next } = tenant.operation;
  const index = next.findIndex((following) => following.id === id);
  const first = next[index];
  if (first === undefined) return world;
  const cancelled = Object.fromEntries(next.slice(index).map((following) => [following.id, 'cancelled' as const]));
  const cutShort = true as const;
  const left = next.slice(0, index);
  const operation =
    index === 0
      ? { ...tenant.operation, next: left, cutShort }
      : {
          ...tenant.operation,
          next: left.map((following, at) => (at === index - 1 ? { ...following, cutShort } : following)),
        };
  const changed = { ...tenant, ...first.undo, owned: { ...tenant.owned, ...first.owned }, operation };
  return { ...world, tenant: changed, ended: { ...world.ended, ...cancelled }, moved: true };
}
