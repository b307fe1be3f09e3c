import type { ApiClient } from '../../client/api-client.ts';
import type { Operation } from '../../contracts/operation.ts';
import type { Terminal } from '../command-context.ts';
import { outlookOf } from '../failure-report.ts';
import { followOperation, startWait } from './follow.ts';
import { createProgress } from './progress.ts';

/**
 * Follows operations one after the other until each is done; they run side by side all the same. `ended` is called with
 * each, and what they were started for, as it ended.
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
  const wait = startWait(timeoutMs, interrupted, () => [...waiting.keys()].map((id) => outlookOf(id, program)).join('\n'));
  const progress = createProgress(stderr, paintErr);
  try {
    for (const [id, about] of waiting) {
      const operation = await followOperation(api, id, progress, wait.signal);
      progress.clear();
      ended(operation, about);
      waiting.delete(id);
    }
  } catch (error) {
    throw wait.ended(error);
  } finally {
    progress.clear();
  }
}

/** One operation and how it stands, on one line. */
export function operationLine({ id, kind, state, waitsFor }: Operation): string {
  return `operation/${id} (${kind}) ${state}${waitsFor === undefined ? '' : `, waits for operation/${waitsFor}`}`;
}
