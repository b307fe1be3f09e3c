import type { FinalOperationState } from '../../contracts/operation-states.ts';
import { allowedIn } from './allowed.ts';
import type { Allowed } from './allowed-answer.ts';
import { describeRequest } from './request.ts';
import type { ModelRequest } from './request.ts';
import { endedAs } from './world.ts';
import type { Standing, World } from './world.ts';

/** What a caller can see of a tenant at any time. */
export interface View {
  readonly state: string;
  readonly declared: string;
  readonly plan: string;
  readonly title: string | null;
  readonly flawed: boolean;
  readonly hold: string | null;
  readonly scheduled: string | null;
  readonly operation: string | null;
  readonly pending: string | null;
}

/** What the API answered. */
export type Answer =
  | { readonly kind: 'refused'; readonly code: string }
  | {
      readonly kind: 'done';
      readonly status: number;
      readonly operation: string | null;
      readonly following: readonly string[];
      readonly view: View | null;
    }
  /** No answer came: all that is known about the request is in the ledger. */
  | {
      readonly kind: 'lost';
      readonly committed: boolean;
      readonly operation: string | null;
      readonly following: readonly string[];
    }
  /** The stored answer to an earlier request with the same key, byte for byte: nothing is done. */
  | { readonly kind: 'replayed' }
  /** Refused because of an earlier request with the same idempotency key: nothing is done. */
  | { readonly kind: 'key'; readonly code: 'idempotency_in_progress' | 'idempotency_key_reused' };

export interface Exchange {
  readonly request: ModelRequest;
  /** The operation that a cancellation names. */
  readonly about?: string | undefined;
  readonly answer: Answer;
}

export function viewOf({ tenant }: World): View | null {
  if (tenant === null) return null;
  const { state, declared, plan, title, flawed, hold, scheduled, operation, pending } = tenant;
  return {
    state,
    declared,
    plan,
    title,
    flawed,
    hold,
    scheduled,
    operation: operation?.id ?? null,
    pending: pending?.id ?? null,
  };
}

const keyOf = (value: unknown): string => JSON.stringify(value);

export function distinct(worlds: readonly World[]): World[] {
  return [...new Map(worlds.map((world) => [keyOf(world), world])).values()];
}

/** These worlds, and all worlds that they may become when operations end. `only`: the ends that are considered. */
export function eventually(
  worlds: readonly World[],
  only: readonly FinalOperationState[] = ['succeeded', 'failed', 'cancelled'],
): World[] {
  const found = new Map<string, World>();
  const look = (world: World): void => {
    const key = keyOf(world);
    if (found.has(key)) return;
    found.set(key, world);
    for (const end of world.tenant?.operation?.ends ?? []) if (only.includes(end)) look(endedAs(world, end));
  };
  worlds.forEach(look);
  return [...found.values()];
}

/** Whether an operation with this id was ever accepted in this world. */
function knows({ tenant, ended }: World, id: string): boolean {
  const { operation = null, pending = null } = tenant ?? {};
  const there = [...(operation === null ? [] : [operation, ...operation.next]), ...(pending === null ? [] : [pending])];
  return Object.hasOwn(ended, id) || there.some((one) => one.id === id);
}

/** The world after this answer; `undefined` if the answer is not allowed in this world. */
function afterAnswer(world: World, allowed: Allowed, answer: Answer): World | undefined {
  if ('refused' in allowed) return answer.kind === 'refused' && answer.code === allowed.refused ? world : undefined;
  if (answer.kind === 'lost') {
    if (!allowed.changes) return undefined;
    if (allowed.operation === 'new')
      return answer.operation === null || knows(world, answer.operation)
        ? undefined
        : allowed.after(answer.operation, answer.following);
    return allowed.after('', []);
  }
  if (answer.kind !== 'done' || answer.status !== allowed.status) return undefined;
  const { operation, following, view } = answer;
  const named =
    allowed.operation === 'none'
      ? operation === null
      : allowed.operation === 'new'
        ? operation !== null && !knows(world, operation)
        : operation === allowed.operation.id;
  if (!named) return undefined;
  const after = allowed.after(operation ?? '', following);
  return view === null || keyOf(view) === keyOf(viewOf(after)) ? after : undefined;
}

function afterExchange(world: World, { request, about, answer }: Exchange): World[] {
  if (answer.kind === 'replayed' || answer.kind === 'key' || (answer.kind === 'lost' && !answer.committed))
    return [world];
  return allowedIn(world, request, about).flatMap((allowed) => afterAnswer(world, allowed, answer) ?? []);
}

/** The worlds after this exchange, if nothing else happens. */
export function after(worlds: readonly World[], exchange: Exchange): World[] {
  return distinct(worlds.flatMap((world) => afterExchange(world, exchange)));
}

/**
 * The worlds that these concurrent requests may have led to: those of every order that explains the answers (Wing and
 * Gong, "Testing and verifying concurrent objects", 1993). Operations may end in between. Empty if no order explains
 * the answers.
 */
export function afterAll(worlds: readonly World[], exchanges: readonly Exchange[]): World[] {
  const now = eventually(worlds);
  if (exchanges.length === 0 || now.length === 0) return now;
  return distinct(
    exchanges.flatMap((exchange, index) => afterAll(after(now, exchange), exchanges.toSpliced(index, 1))),
  );
}

/** The worlds in which this operation runs, with `stands` as its progress. */
export function standing(worlds: readonly World[], operation: string, stands: Standing): World[] {
  return worlds.flatMap((world) =>
    world.tenant?.operation?.id === operation
      ? [{ ...world, tenant: { ...world.tenant, operation: { ...world.tenant.operation, stands } } }]
      : [],
  );
}

/** The answers, and what the model would have allowed, as text for people. */
export function explain(worlds: readonly World[], exchanges: readonly Exchange[]): string {
  const lines = exchanges.map(({ request, answer }) => `  ${describeRequest(request)} → ${keyOf(answer)}`);
  const allowed = exchanges.map(({ request, about }) => {
    const answers = eventually(worlds).flatMap((world) =>
      allowedIn(world, request, about).map((one) =>
        'refused' in one
          ? one.refused
          : `${one.status} operation ${keyOf(one.operation)} ${keyOf(viewOf(one.after('…', [])))}`,
      ),
    );
    return `  ${describeRequest(request)}: ${[...new Set(answers)].join(' | ')}`;
  });
  return [
    'answered:',
    ...lines,
    'allowed for each request alone:',
    ...allowed,
    'from:',
    ...worlds.map((world) => `  ${keyOf(world.tenant)}`),
  ].join('\n');
}
