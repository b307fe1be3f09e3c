import type { OperationDocument } from '../store/documents.ts';
import { operationEntry, readOperationIn } from './held-operation.ts';
import type { OperationActivities, OperationEnvironment, OperationProgress } from './operation-activities.ts';

export function progressOf(operation: OperationDocument): OperationProgress {
  const { state, error } = operation;
  return {
    fence: operation.fence,
    state: state === 'accepted' || state === 'pending' ? 'running' : state,
    steps: Object.fromEntries(Object.entries(operation.steps).map(([key, step]) => [key, step.state])),
    ...(error === null ? {} : { error: { code: error.code, message: error.message } }),
  };
}

/**
 * Gives this run of the workflow the lock's next fence. From now on an earlier run of the same operation, which may
 * still be working, is refused at its next write.
 */
export function beginOperation({ store, failpoints }: OperationEnvironment): OperationActivities['beginOperation'] {
  return async ({ operation: { operationId, tenant }, runId }) => {
    await failpoints.reach('begin.before-commit', tenant.name);
    const started = await store.commit(async (tx) => {
      // An operation that has ended is found even if its tenant is not: it may have purged the tenant.
      const ended = await store.operations.read(tx, operationId);
      if (ended !== undefined && ended.unfinished !== true) return { already: ended };
      const { operation, tenant: current } = await readOperationIn(store, tx, operationId, tenant.uid);
      if (operation.runId === runId) return { already: operation };
      // The accepting commit issued the first fence; nobody has used it before the first run.
      const isFirst = operation.runId === null;
      const fence = isFirst ? operation.fence : current.lastFence + 1;
      if (!isFirst) {
        await store.resources.replace(tx, current.revision, {
          ...current,
          lastFence: fence,
          operation: { id: operationId, kind: operation.kind, fence },
        });
      }
      const after = await store.operations.update(
        tx,
        { operationId, fence: operation.fence },
        {
          $set: {
            fence,
            runId,
            state: operation.state === 'accepted' ? 'running' : operation.state,
            startTime: operation.startTime ?? tx.time,
            updateTime: tx.time,
          },
        },
      );
      return { result: after, entries: [operationEntry(operation, '.start', { outcome: 'succeeded', fence })] };
    });
    await failpoints.reach('begin.after-commit', tenant.name);
    return progressOf(started);
  };
}
