import type { PolicyActor } from '../../contracts/policy.ts';
import { nextRolloutStep } from '../../domain/rollout.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { OperationDocument, RolloutDocument, RolloutMemberDocument } from '../../store/documents.ts';
import type { Store } from '../../store/store.ts';
import { newOperationOf } from '../changes/change-request.ts';
import type { ChangeTenant } from '../changes/change-request.ts';
import { declaredAt } from './move-to-version.ts';
import type { Templates } from './templates.ts';
import { tenantsOf, transitionRollout } from './transition-rollout.ts';

export interface AdvanceDependencies {
  readonly store: Store;
  readonly templates: Templates;
  readonly changeTenant: ChangeTenant;
  /** Starts the workflow of an accepted operation, now or later. It never fails. */
  readonly startAccepted: (operation: OperationDocument, plan: string) => Promise<void>;
}

/** How long one tenant may keep the others waiting. Its operation continues, and a resumed roll-out takes it again. */
const maxChangingMs = 10 * 60_000;

/** Members that one iteration checks. */
const batch = 100;

/** Refusals that pass by themselves: the tenant is retried. */
const temporary = new Set([
  'operation_in_progress',
  'revision_stale',
  'control_unavailable',
  'temporal_unavailable',
  'cell_unavailable',
  'policy_unavailable',
  'keys_unavailable',
]);

/** Somebody paused or cancelled the roll-out during an iteration. */
const notRunning = 'rollout_not_possible';

/** The actor on whose behalf the roll-out changes tenants. A roll-out that has ended starts nothing more. */
function actorOf({ _id, actor }: RolloutDocument): PolicyActor {
  if (actor === undefined) throw new TenureError(notRunning, `roll-out ${_id} has ended`);
  return actor;
}

/**
 * Advances a roll-out by one iteration: checks the tenants that are being changed, then starts as many more as the wave
 * allows, each in a commit that checks that the roll-out still runs. Each iteration starts from what is in the control
 * database, so it can be repeated at any time.
 */
export function createAdvanceRollout({
  store,
  templates,
  changeTenant,
  startAccepted,
}: AdvanceDependencies): (id: string) => Promise<{ readonly done: boolean }> {
  const { rollouts } = store;

  const fail = (
    member: RolloutMemberDocument,
    error: { readonly code: string; readonly message: string },
  ): Promise<void> =>
    rollouts.setMember(member, {
      state: 'failed',
      operationId: member.operationId,
      error: { code: error.code, message: error.message },
    });

  async function change(rollout: RolloutDocument, member: RolloutMemberDocument): Promise<void> {
    const version = await templates.version(rollout.template.name, rollout.version);
    const tenant = await store.resources.findByUid('Tenant', member._id.tenant);
    // Purged, deleted or moved to another template in the meantime: the roll-out does not apply to it.
    const applies =
      tenant !== undefined && tenant.lifecycle !== 'Deleted' && tenant.spec.template?.name === version.name;
    if (!applies || (tenant.spec.template?.version === version.version && tenant.operation === null)) {
      await rollouts.setMember(member, { state: applies ? 'changed' : 'skipped', operationId: null, error: null });
      return;
    }
    try {
      const { requestId, correlationId } = rollout;
      const changed = await changeTenant({
        name: tenant.name,
        declare: (current) => declaredAt(current ?? tenant, version),
        precondition: { kind: 'revision', revisions: [tenant.revision] },
        force: true,
        byRollout: true,
        caller: { actor: actorOf(rollout), requestId: `${requestId}/${tenant._id}`, correlationId },
        alsoCommit: (tx, { operation }) => rollouts.beginMember(tx, member._id, operation?._id ?? null),
      });
      if (changed.outcome === 'unchanged')
        await rollouts.setMember(member, {
          state: changed.operation === undefined ? 'changed' : 'changing',
          operationId: changed.operation?._id ?? null,
          error: null,
        });
      const operation = newOperationOf(changed);
      if (operation !== undefined) await startAccepted(operation, changed.tenant.spec.plan);
    } catch (error) {
      if (!(error instanceof TenureError) || error.code === notRunning) throw error;
      if (!temporary.has(error.code)) await fail(member, error);
    }
  }

  /** Records which of the members' operations have ended, and starts members that an earlier iteration only took. */
  async function checkMembers(rollout: RolloutDocument, members: readonly RolloutMemberDocument[]): Promise<void> {
    const operationIds = members.flatMap(({ operationId }) => operationId ?? []);
    const ended = new Map(
      (await store.operations.finished(operationIds)).map((operation) => [operation._id, operation]),
    );
    for (const member of members) {
      if (member.operationId === null) {
        await change(rollout, member);
        continue;
      }
      const operation = ended.get(member.operationId);
      if (operation?.state === 'succeeded')
        await rollouts.setMember(member, { state: 'changed', operationId: operation._id, error: null });
      else if (operation !== undefined)
        await fail(member, operation.error ?? { code: 'cancelled', message: 'its operation was cancelled' });
    }
  }

  async function takeMore(rollout: RolloutDocument, limit: number): Promise<{ readonly exhausted: boolean }> {
    let { cursor } = rollout;
    let savedCursor = cursor;
    const filter = tenantsOf(rollout.template.name, rollout.labelSelector);
    for (let remaining = limit; remaining > 0;) {
      const { tenants, searchedTo } = await store.tenantSearch.search(filter, {
        ...(cursor === null ? {} : { after: cursor }),
        limit: batch,
      });
      for (const { _id: uid, name, spec } of tenants) {
        if (remaining === 0) break;
        cursor = name;
        if (spec.template?.version === rollout.version) continue;
        if (await rollouts.take(rollout._id, { uid, name })) remaining -= 1;
      }
      if (remaining > 0) cursor = searchedTo ?? tenants.at(-1)?.name ?? cursor;
      await rollouts.progress(rollout._id, { cursor: savedCursor }, { cursor });
      savedCursor = cursor;
      if (remaining > 0 && searchedTo === undefined && tenants.length < batch) return { exhausted: true };
    }
    return { exhausted: false };
  }

  async function advance(id: string): Promise<{ readonly done: boolean }> {
    const rollout = await rollouts.find(id);
    if (rollout === undefined) return { done: true };
    if (rollout.state !== 'running') await rollouts.releaseUnstarted(id);
    const changing = await rollouts.members(id, 'changing', batch);
    await checkMembers(rollout, changing);
    await rollouts.failOverdue(id, maxChangingMs);
    const counts = await rollouts.counts(id);
    if (rollout.state !== 'running') {
      if (counts.changing > 0) return { done: false };
      await rollouts.markFinished(id);
      return { done: true };
    }
    const { requestId, correlationId, waves, wave, tenants, maxFailures } = rollout;
    const caller = { actor: actorOf(rollout), requestId, correlationId };
    const progress = { waves, wave, tenants, maxFailures, counts };
    let step = nextRolloutStep({ ...progress, exhausted: false });
    if (step.kind === 'take') {
      const { exhausted } = await takeMore(rollout, step.limit);
      const checked = new Set(changing.map(({ _id }) => _id.tenant));
      for (const member of await rollouts.members(id, 'changing', batch))
        if (!checked.has(member._id.tenant)) await change(rollout, member);
      if (!exhausted) return { done: false };
      step = nextRolloutStep({ ...progress, counts: await rollouts.counts(id), exhausted });
    }
    if (step.kind === 'next-wave') await rollouts.progress(id, { wave }, { wave: wave + 1 });
    if (step.kind === 'pause')
      await transitionRollout(store, id, 'pause', caller, { why: step.reason, alsoCommit: async () => undefined });
    if (step.kind === 'finish')
      await transitionRollout(store, id, 'finish', caller, { alsoCommit: async () => undefined });
    return { done: false };
  }

  return async (id) => {
    try {
      return await advance(id);
    } catch (error) {
      // The next iteration starts from the new state.
      if (error instanceof TenureError && error.code === notRunning) return { done: false };
      throw error;
    }
  };
}
