import type { ApiClient } from '../../client/api-client.ts';
import type { Operation } from '../../contracts/operation.ts';
import type { Terminal } from '../command-context.ts';
import { outlookOf } from '../failure-report.ts';
import { CliFailure } from '../failure.ts';
import { followOperation, startWait } from './follow.ts';
import { createProgress } from './progress.ts';

/** The time limit for all last looks together. */
const lastLooksMs = 5_000;

/**
 * Follows operations one after the other until each is done, including the operations that follow them. They still run in
 * parallel. Calls `ended` with each ended operation and what it was started for. On a timeout it looks at each remaining
 * operation once more.
 * @throws CliFailure waitTimeout, interrupted
 */
export async function followAll<About>(
  api: ApiClient,
  started: readonly { readonly operation: Operation; readonly about: About }[],
  timeoutMs: number,
  { stderr, paintErr, interrupted, program }: Terminal,
  ended: (operation: Operation, about: About) => void,
): Promise<void> {
  const waiting = new Map(started.map(({ operation, about }) => [operation.id, about] as const));
  const wait = startWait(timeoutMs, interrupted, () =>
    [...waiting.keys()].map((id) => outlookOf(id, program)).join('\n'),
  );
  const progress = createProgress(stderr, paintErr);
  const tell = (operation: Operation, about: About): void => {
    ended(operation, about);
    waiting.delete(operation.id);
    // The loop below also visits entries that are added to the map.
    if (operation.state === 'succeeded' && operation.next !== undefined) waiting.set(operation.next, about);
  };
  try {
    for (const [id, about] of waiting) {
      const operation = await followOperation(api, id, progress, wait.signal);
      progress.clear();
      tell(operation, about);
    }
  } catch (error) {
    if (error instanceof CliFailure || !wait.signal.aborted || interrupted.aborted) throw wait.ended(error);
    progress.clear();
    // Later operations may have ended while this one was followed.
    const signal = AbortSignal.timeout(lastLooksMs);
    for (const [id, about] of waiting) {
      const operation = await endOf(api, id, signal);
      if (operation !== undefined) tell(operation, about);
    }
    if (waiting.size > 0) throw wait.ended(error);
  } finally {
    progress.clear();
  }
}

/** The operation, if it has ended. */
async function endOf(api: ApiClient, id: string, signal: AbortSignal): Promise<Operation | undefined> {
  try {
    const { body: operation } = await api.call('waitOperation', {
      params: { id },
      query: { timeoutSeconds: 0 },
      signal,
    });
    return operation.done ? operation : undefined;
  } catch {
    return undefined;
  }
}

/** An operation and its state, on one line. */
export function operationLine({ id, kind, state, waitsFor }: Operation): string {
  return `operation/${id} (${kind}) ${state}${waitsFor === undefined ? '' : `, waits for operation/${waitsFor}`}`;
}
