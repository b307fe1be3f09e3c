import { isProblemCode, problems } from '../contracts/problems.ts';
import { isReversible } from '../domain/step-plan.ts';
import { TenureError } from '../domain/tenure-error.ts';
import { turning } from '../store/operations.ts';
import { progressOf } from './begin-operation.ts';
import { readOperationIn, requireHeld } from './held-operation.ts';
import type { OperationActivities } from './operation-activities.ts';
import type { OperationEnvironment } from './operation-environment.ts';
import { operationEntry } from './operation-entry.ts';

/** Turns an operation round, once: the first reason stands. */
export function turnOperation({ store, failpoints }: OperationEnvironment): OperationActivities['turnOperation'] {
  return async (held) => {
    const { operation: { operationId, tenant }, fence, failure } = held;
    await failpoints.reach('turn.before-commit', tenant.name);
    const turned = await store.commit(async (tx) => {
      const found = await readOperationIn(store, tx, operationId, tenant.uid);
      requireHeld(found, held);
      if (found.operation.state === 'compensating') return { already: found.operation };
      if (!isReversible(found.operation.kind, found.operation.steps)) throw new TenureError('cancel_not_possible', `what the ${found.operation.kind} has begun cannot be taken back`);
      const code = isProblemCode(failure.code) ? failure.code : 'internal';
      const { fault, fix } = problems[code];
      const error = {
        code,
        fault,
        message: failure.message,
        fix,
        ...(failure.step === undefined ? {} : { step: failure.step }),
        ...(failure.errors === undefined || failure.errors.length === 0 ? {} : { errors: [...failure.errors] }),
      };
      const operation = await store.operations.update(tx, { operationId, fence }, turning(failure.to, error, tx.time));
      return { result: operation, entries: [operationEntry(operation, '.turn', { outcome: 'failed', reason: error.code, fence, ...(failure.step === undefined ? {} : { step: failure.step }) })] };
    });
    await failpoints.reach('turn.after-commit', tenant.name);
    return progressOf(turned);
  };
}
