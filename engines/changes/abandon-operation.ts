import { updateConditions } from '../../domain/conditions.ts';
import { isReversible, stepsOf } from '../../domain/step-plan.ts';
import { standingAt } from '../../domain/home-layout.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { PolicyDecision } from '../../contracts/policy.ts';
import type { OperationDocument } from '../../store/documents.ts';
import { stateReference } from '../../store/resources.ts';
import type { Store } from '../../store/store.ts';
import { callerEntry } from '../requests/caller.ts';
import type { Caller } from '../requests/caller.ts';

/**
 * The steps on a cell that an operation must still finish before it can end: to undo them, or, for a purge, to do them.
 */
function openSteps(
  operation: OperationDocument,
): { readonly keys: string[]; readonly to: 'done' | 'undone' } | undefined {
  const onCell = stepsOf(operation.kind)
    .filter(({ scope }) => scope === 'cell')
    .map(({ key }) => key);
  const stateOf = (key: (typeof onCell)[number]): string => operation.steps[key]?.state ?? 'pending';
  if (operation.state === 'compensating')
    return { to: 'undone', keys: onCell.filter((key) => stateOf(key) === 'done' || stateOf(key) === 'intent') };
  // A purge that has not begun to destroy can still be cancelled, but the caller may want it to continue without the
  // cell.
  if (
    operation.kind === 'purge' &&
    operation.state === 'running' &&
    (operation.cancelRequestTime === null || !isReversible(operation.kind, operation.steps))
  ) {
    return { to: 'done', keys: onCell.filter((key) => stateOf(key) !== 'done') };
  }
  return undefined;
}

/**
 * Gives up the remaining steps of an operation on a cell that will not come back: a compensation that cannot end, or a
 * purge. The workflow finds these steps finished and ends the operation. The operation and the entry name what may be
 * left on the cell.
 * @throws TenureError operation_finished, abandon_not_possible
 */
export async function abandonOperation(
  store: Store,
  { _id: id }: Pick<OperationDocument, '_id'>,
  caller: Caller,
  policy: PolicyDecision,
): Promise<OperationDocument> {
  return store.commit(async (tx) => {
    const operation = await store.operations.read(tx, id);
    if (operation?.abandonment !== undefined) return { already: operation };
    if (operation?.unfinished !== true)
      throw new TenureError('operation_finished', `operation ${id} has ended`, { operationId: id });
    const {
      kind,
      tenant: { uid, name },
      fence,
    } = operation;
    const tenant = await store.resources.read(tx, 'Tenant', uid);
    const remaining = openSteps(operation);
    if (remaining === undefined || tenant?.operation?.id !== id)
      throw new TenureError(
        'abandon_not_possible',
        `operation ${id} (${kind}) is ${operation.state}; only a compensating operation or a running purge can be abandoned`,
        { operationId: id },
      );
    if (remaining.keys.length === 0 || tenant.placement === null)
      throw new TenureError('abandon_not_possible', `operation ${id} (${kind}) has nothing left to do on a cell`, {
        operationId: id,
      });
    const { cell, mode } = tenant.placement;
    const left = standingAt({ uid, spec: tenant.spec, mode });
    const result = `abandoned: what exists on cell ${cell} is left there`;
    const after = await store.operations.update(
      tx,
      { operationId: id, fence },
      {
        $set: {
          ...Object.fromEntries(
            remaining.keys.flatMap((key) => [
              [`steps.${key}.state`, remaining.to],
              [`steps.${key}.result`, result],
              [`steps.${key}.endTime`, tx.time],
            ]),
          ),
          abandonment: { time: tx.time, cell, left },
          updateTime: tx.time,
        },
      },
    );
    const message = `operation ${id} was abandoned: what is on cell ${cell} may differ from what is declared`;
    const conditions = updateConditions(
      tenant.conditions,
      [{ type: 'InSync', status: 'Unknown', reason: 'OperationAbandoned', message }],
      { time: tx.time.toISOString(), generation: tenant.generation },
    );
    const updated = await store.resources.replace(tx, tenant.revision, {
      ...tenant,
      conditions,
      revision: tenant.revision + 1,
      updateTime: tx.time,
    });
    return {
      result: after,
      entries: [
        {
          ...callerEntry(caller),
          tenant: uid,
          action: `tenant.${kind}.abandon`,
          target: { kind: 'Operation', uid: id },
          outcome: 'allowed',
          operationId: id,
          fence,
          policy,
          previous: stateReference(tenant),
          next: stateReference(updated),
          event: { type: 'tenant.operation_abandoned.v1', data: { tenant: { uid, name }, operation: id, cell, left } },
        },
      ],
    };
  });
}
