import type { EventType } from '../../contracts/event-types.ts';
import type { PolicyDecision } from '../../contracts/policy.ts';
import type { MemberState, RolloutRequest, RolloutState } from '../../contracts/rollout.ts';
import { parseTenantFilter } from '../../domain/tenant-filter.ts';
import type { TenantFilter } from '../../domain/tenant-filter.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { Transaction } from '../../store/commit.ts';
import { storageVersion } from '../../store/documents.ts';
import type { RolloutDocument } from '../../store/documents.ts';
import type { LedgerDraft } from '../../store/ledger.ts';
import { personalOfRollout } from '../../store/personal-values.ts';
import type { Store } from '../../store/store.ts';
import { callerEntry } from '../requests/caller.ts';
import type { Caller } from '../requests/caller.ts';

/** The tenants that a roll-out of this template applies to, without deleted ones. */
export function tenantsOf(template: string, labelSelector: string | null | undefined): TenantFilter {
  return parseTenantFilter({ template, labelSelector: labelSelector ?? undefined });
}

function rolloutEntry(
  { _id, template, version }: RolloutDocument,
  caller: Caller,
  type: EventType,
  details: Pick<LedgerDraft, 'policy' | 'reason'> & { readonly why?: string } = {},
): LedgerDraft {
  const { why, ...entry } = details;
  return {
    ...callerEntry(caller),
    action: 'template.roll_out',
    target: { kind: 'TenantTemplate', name: template.name, uid: template.uid },
    outcome: 'succeeded',
    ...entry,
    event: { type, data: { rollout: _id, template: template.name, version, ...(why === undefined ? {} : { why }) } },
  };
}

export interface RolloutCommand {
  readonly caller: Caller;
  readonly policy: PolicyDecision;
}

/**
 * Starts the roll-out of a version to the tenants of its template: stores it; the workflow does the rest.
 * @throws TenureError template_not_available, rollout_not_possible; request_invalid if the selector cannot be parsed
 */
export async function startRollout(
  store: Store,
  { caller, policy }: RolloutCommand,
  template: { readonly uid: string; readonly name: string; readonly version: number },
  { labelSelector, waves, maxFailures }: Omit<RolloutRequest, 'version'>,
  alsoCommit: (tx: Transaction, rollout: RolloutDocument) => Promise<void>,
): Promise<RolloutDocument> {
  const tenants = await store.tenantSearch.count(tenantsOf(template.name, labelSelector));
  const { actor, requestId, correlationId } = caller;
  return store.commit(async (tx) => {
    await store.resourceUses.begin(tx, [{ kind: 'TenantTemplate', name: template.name, version: template.version }]);
    const rollout = await store.rollouts.insert(tx, {
      _id: store.newId(),
      storageVersion,
      template: { uid: template.uid, name: template.name },
      version: template.version,
      labelSelector: labelSelector ?? null,
      waves: [...waves],
      maxFailures,
      state: 'running',
      active: true,
      unsettled: true,
      reason: null,
      wave: 0,
      tenants,
      cursor: null,
      actor,
      requestId,
      correlationId,
      createTime: tx.time,
      updateTime: tx.time,
      endTime: null,
    });
    await alsoCommit(tx, rollout);
    return { result: rollout, entries: [rolloutEntry(rollout, caller, 'template.rollout_started.v1', { policy })] };
  });
}

interface RolloutTransition {
  readonly from: readonly RolloutState[];
  readonly to: RolloutState;
  readonly event: EventType;
}

const transitions = {
  pause: { from: ['running'], to: 'paused', event: 'template.rollout_paused.v1' },
  resume: { from: ['paused'], to: 'running', event: 'template.rollout_resumed.v1' },
  cancel: { from: ['running', 'paused'], to: 'cancelled', event: 'template.rollout_cancelled.v1' },
  finish: { from: ['running'], to: 'succeeded', event: 'template.rollout_succeeded.v1' },
} as const satisfies Record<string, RolloutTransition>;

export interface Turning<Result> {
  readonly policy?: PolicyDecision;
  readonly why?: string;
  /** The new state of the tenants that could not be changed; absent: they stay failed. */
  readonly failed?: Extract<MemberState, 'changing' | 'skipped'>;
  /** Runs inside the commit, with its result: makes the answer and keeps it under the request's idempotency key. */
  readonly alsoCommit: (tx: Transaction, rollout: RolloutDocument) => Promise<Result>;
}

/** Whether a transition is possible from a state. */
export function canTurn(state: RolloutState, transition: keyof typeof transitions): boolean {
  return (transitions[transition].from as readonly RolloutState[]).includes(state);
}

/** The state that a transition leads to. */
export function stateAfter(transition: keyof typeof transitions): RolloutState {
  return transitions[transition].to;
}

/**
 * Moves a roll-out from one state to another and returns the result of `alsoCommit`. Operations that already run
 * continue to their end.
 * @throws TenureError rollout_not_possible
 */
export function transitionRollout<Result>(
  store: Store,
  id: string,
  transition: keyof typeof transitions,
  caller: Caller,
  { failed, alsoCommit, ...details }: Turning<Result>,
): Promise<Result> {
  const { from, to, event } = transitions[transition];
  const final = to === 'succeeded' || to === 'cancelled';
  return store.commit(async (tx) => {
    const after = await store.rollouts.transition(tx, id, from, {
      $set: {
        state: to,
        reason: transition === 'pause' ? (details.why ?? 'paused by a user') : null,
        updateTime: tx.time,
        ...(final ? { endTime: tx.time } : {}),
        ...(to === 'running' ? { unsettled: true } : {}),
      },
      ...(final ? { $unset: { active: true, ...personalOfRollout } } : {}),
    });
    if (failed !== undefined) await store.rollouts.moveMembers(tx, id, 'failed', failed);
    return { result: await alsoCommit(tx, after), entries: [rolloutEntry(after, caller, event, details)] };
  });
}

/** The roll-out of this id. @throws TenureError not_found */
export async function findRollout(store: Pick<Store, 'rollouts'>, id: string): Promise<RolloutDocument> {
  const rollout = await store.rollouts.find(id);
  if (rollout === undefined) throw new TenureError('not_found', `rollout "${id}" does not exist`);
  return rollout;
}
