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
  /** Those that follow it when it succeeds, and are given up when it does not. */
  readonly next: readonly Following[];
  /** What was to follow it was cancelled. */
  readonly cutShort?: true;
}

/** An operation that follows another, and what is taken back when it does not succeed. */
export interface Following extends Path {
  readonly undo: Assigned;
  readonly owned: Partial<Owned>;
  readonly cutShort?: true;
}

/** One operation of what a manifest asks for. */
export interface Leg {
  readonly kind: OperationKind;
  readonly from: LifecycleState;
  readonly to: LifecycleEnd;
  readonly assign: Assigned;
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
  /** Whether what was declared last is not in effect, because what was to bring it about did not succeed. */
  readonly takenBack: boolean;
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

/** The paths that a manifest takes from one state to another, and the states on the way; `undefined` where it leads nowhere. */
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
 * The operations that a manifest takes, in order: plan and services change where nobody is served, if there is such a place on
 * the way, the plan first. `undefined` where no way leads there; a change that has no place is missing.
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

/** The tenant with the first of these operations, of which all is declared at once. `ids`: of all of them. */
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

/** The tenant with the first of those that were to follow. */
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

/** The tenant with an operation that has the lock. `by`: a verb owns what it writes, a manifest leaves it to nobody. */
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

/** Whether the operation is being undone: sure where it was cancelled, possible where it may fail. */
export function isBeingUndone({ cancelled, ends }: RunningOperation): 'yes' | 'maybe' | 'no' {
  if (cancelled) return 'yes';
  return ends.includes('failed') ? 'maybe' : 'no';
}

/** The tenant as it is when what runs has been undone. */
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

/** The world when the running operation has ended so, and the one that waited for it has begun or was given up. */
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

/** The world with a running operation of which cancellation was accepted: it may have failed by then, but does not succeed any more. */
export function cancelling(tenant: ModelTenant): ModelTenant {
  const { operation } = tenant;
  if (operation === null || (operation.kind === 'purge' && operation.stands === 'late')) return tenant;
  // One that can only fail has failed, and is undone, when it comes to its end.
  if (operation.stands === 'late' && operation.ends.every((end) => end === 'failed'))
    return { ...tenant, operation: { ...operation, cancelled: true } };
  const otherwise =
    operation.stands === 'unknown' ? operation.ends.filter((end) => end !== 'succeeded' && end !== 'cancelled') : [];
  const ends: FinalOperationState[] = [...otherwise, 'cancelled'];
  return { ...tenant, operation: { ...operation, ends, cancelled: true } };
}

/** The world in which this one of those that were to follow, and all after it, were cancelled before they began. */
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
