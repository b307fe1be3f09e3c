import { isFulfilled } from '../../domain/tenant-verb.ts';
import type { Failpoints } from '../../platform/failpoints.ts';
import type { OperationDocument, TenantDocument } from '../../store/documents.ts';
import type { Store } from '../../store/store.ts';
import { retryOnConflict, requirePrecondition } from '../requests/precondition.ts';
import type { ChangeTenant, ChangeTenantRequest } from './change-request.ts';
import { createDecide, withLifecycle } from './decide-change.ts';
import type { DecideDependencies } from './decide-change.ts';
import type { MassChangeBrake } from './mass-change-brake.ts';
import { writeChange } from './write-change.ts';
import { writePending } from './write-pending.ts';

/** Authorizes what can be checked before the effect of the request is known. */
async function permitRequest(request: ChangeTenantRequest, current: TenantDocument | undefined): Promise<void> {
  const { permit } = request;
  if (permit === undefined) return;
  // The first question is the same whether or not the tenant exists, so that a refusal does not reveal it.
  if ('verb' in request) await permit(`tenant.${request.verb.path}`, current);
  else if (request.creates !== true) await permit('tenant.update', current);
  if (!('verb' in request) && (current === undefined || request.creates === true))
    await permit('tenant.create', undefined);
  if (request.confirmMassChange === true && current !== undefined) await permit('tenant.pass_brake', current);
}

/** Whether the tenant is already where the verb leads; then the revision that the caller has seen does not matter. */
function isFulfilledCommand(request: ChangeTenantRequest, current: TenantDocument | undefined): boolean {
  return 'verb' in request && current?.operation === null && isFulfilled(request.verb, withLifecycle(current));
}

export interface ChangeTenantDependencies extends DecideDependencies {
  readonly store: Store;
  readonly brake: MassChangeBrake;
  readonly failpoints: Failpoints;
}

/**
 * Accepts a change of a tenant. One commit writes the new revision, the lock and the operation if one is needed, the
 * ledger entry, and the caller's answer. A refusal changes nothing and writes its own entry.
 */
export function createChangeTenant({ store, brake, failpoints, ...deciding }: ChangeTenantDependencies): ChangeTenant {
  const decide = createDecide({ store, ...deciding });

  async function followers({ next }: OperationDocument): Promise<OperationDocument[]> {
    const following: OperationDocument[] = [];
    for (let id = next; id !== undefined; id = following.at(-1)?.next) {
      const operation = await store.operations.find(id);
      if (operation === undefined) break;
      following.push(operation);
    }
    return following;
  }

  const change: ChangeTenant = async (request) => {
    // Authorization, precondition, path and commit are all decided on this one state.
    const current = await store.resources.find('Tenant', request.name);
    await permitRequest(request, current);
    if (!isFulfilledCommand(request, current))
      requirePrecondition(request.precondition, `tenant "${request.name}"`, current);
    const decided = await decide(request, current);
    if (decided.kind === 'unchanged') {
      const running =
        decided.current.operation === null ? undefined : await store.operations.find(decided.current.operation.id);
      return {
        outcome: 'unchanged',
        tenant: decided.current,
        ...(running === undefined ? {} : { operation: running, following: await followers(running) }),
      };
    }
    const legs = decided.kind === 'preempt' ? [decided.leg] : decided.legs;
    const paths = legs.map(({ transition }) => transition.path);
    // The time decides what is destroyed and when, so neither path starts while a clock is wrong.
    if (paths.includes('delete') || paths.includes('purge')) await store.clock.requireAgreement();
    const uid = current?._id ?? store.newId();
    const operationIds = legs.map(() => store.newId());
    const checks = await Promise.all(paths.map((path) => brake.approach(path, request.confirmMassChange === true)));
    await failpoints.reach('accept.before-commit', request.name);
    const changed = await store.commit(async (tx) => {
      for (const checkBrake of checks) await checkBrake(tx);
      const written =
        decided.kind === 'preempt'
          ? await writePending(store, tx, {
              operationId: operationIds[0] ?? store.newId(),
              before: decided.current,
              running: decided.running,
              decided,
              request,
            })
          : await writeChange(store, tx, { uid, operationIds, before: current, decided, request });
      await request.alsoCommit(tx, written.changed);
      return { result: written.changed, entries: written.entries };
    });
    await failpoints.reach('accept.after-commit', request.name);
    return changed;
  };
  return (request) => retryOnConflict(request.precondition, () => change(request));
}
