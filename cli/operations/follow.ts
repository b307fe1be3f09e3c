import { setTimeout as delay } from 'node:timers/promises';
import type { ApiClient } from '../../client/api-client.ts';
import type { Operation } from '../../contracts/operation.ts';
import { CliFailure } from '../failure.ts';
import { formatDurationMs } from '../text/duration.ts';
import { operationProgress, createProgress } from './progress.ts';
import type { Progress } from './progress.ts';
import type { Terminal } from '../command-context.ts';
import { resumeHint } from '../failure-report.ts';

/** While waiting, also retries an API that is being replaced, within the timeout. */
export function retryWithin(timeoutMs: number): { readonly retryForMs: number } {
  return { retryForMs: Math.min(30_000, timeoutMs) };
}

/** A wait that ends on Ctrl-C or on its timeout. */
export interface Wait {
  /** Ends requests. */
  readonly signal: AbortSignal;
  /** What to throw if `signal` ended the wait; `error` if something else did. */
  ended(error: unknown): unknown;
}

/** `outlook` describes the current state and how to resume waiting. */
export function startWait(timeoutMs: number, interrupted: AbortSignal, outlook: () => string): Wait {
  const timeout = AbortSignal.timeout(timeoutMs);
  return {
    signal: AbortSignal.any([interrupted, timeout]),
    ended(error) {
      if (error instanceof CliFailure) return error;
      if (interrupted.aborted) return new CliFailure('interrupted', `no longer waiting\n${outlook()}`);
      if (timeout.aborted)
        return new CliFailure('waitTimeout', `error: timed out after ${formatDurationMs(timeoutMs)}\n${outlook()}`);
      return error;
    },
  };
}

/** The API answers at once when the operation is done; these waits only decide how often the progress is updated. */
const pollDelaysMs = [250, 250, 500, 500, 1_000];
const minPollMs = 100;

/** Shows an operation's progress until it is done. */
export async function followOperation(
  api: ApiClient,
  id: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<Operation> {
  for (let poll = 0; ; poll += 1) {
    const startedAt = performance.now();
    const timeoutSeconds = (pollDelaysMs[poll] ?? 2_000) / 1000;
    // The first poll does not depend on the timeout.
    const { body: operation } = await api.call('waitOperation', {
      params: { id },
      query: { timeoutSeconds: poll === 0 ? 0 : timeoutSeconds },
      ...(poll === 0 ? {} : { signal }),
    });
    progress.show(operationProgress(operation));
    if (operation.done) return operation;
    signal.throwIfAborted();
    // An API that is shutting down answers at once.
    const remainingMs = minPollMs - (performance.now() - startedAt);
    if (poll > 0 && remainingMs > 0) await delay(remainingMs, undefined, { signal });
  }
}

/** The time limit for all final polls together. */
const finalPollsMs = 5_000;

/**
 * Follows operations one after the other until each is done, including the operations that follow them. They still run
 * in parallel. Calls `ended` with each ended operation and what it was started for. On a timeout it reads each
 * remaining operation once more.
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
    [...waiting.keys()].map((id) => resumeHint(id, program)).join('\n'),
  );
  const progress = createProgress(stderr, paintErr);
  const finish = (operation: Operation, about: About): void => {
    ended(operation, about);
    waiting.delete(operation.id);
    // The loop below also visits entries that are added to the map.
    if (operation.state === 'succeeded' && operation.next !== undefined) waiting.set(operation.next, about);
  };
  try {
    for (const [id, about] of waiting) {
      const operation = await followOperation(api, id, progress, wait.signal);
      progress.clear();
      finish(operation, about);
    }
  } catch (error) {
    if (error instanceof CliFailure || !wait.signal.aborted || interrupted.aborted) throw wait.ended(error);
    progress.clear();
    // Later operations may have ended while this one was followed.
    const signal = AbortSignal.timeout(finalPollsMs);
    for (const [id, about] of waiting) {
      const operation = await endOf(api, id, signal);
      if (operation !== undefined) finish(operation, about);
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
