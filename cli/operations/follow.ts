import { setTimeout as delay } from 'node:timers/promises';
import type { ApiClient } from '../../client/api-client.ts';
import type { Operation } from '../../contracts/operation.ts';
import { CliFailure } from '../failure.ts';
import { formatDurationMs } from '../text/duration.ts';
import { operationProgress } from './progress.ts';
import type { Progress } from './progress.ts';

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

/** The API answers at once when the operation is done; the lengths only decide how often the progress is updated. */
const looksMs = [250, 250, 500, 500, 1_000];
const shortestLookMs = 100;

/** Shows an operation's progress until it is done. */
export async function followOperation(
  api: ApiClient,
  id: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<Operation> {
  for (let look = 0; ; look += 1) {
    const began = performance.now();
    const timeoutSeconds = (looksMs[look] ?? 2_000) / 1000;
    // The first look does not depend on the timeout.
    const { body: operation } = await api.call('waitOperation', {
      params: { id },
      query: { timeoutSeconds: look === 0 ? 0 : timeoutSeconds },
      ...(look === 0 ? {} : { signal }),
    });
    progress.show(operationProgress(operation));
    if (operation.done) return operation;
    signal.throwIfAborted();
    // An API that is shutting down answers at once.
    const early = shortestLookMs - (performance.now() - began);
    if (look > 0 && early > 0) await delay(early, undefined, { signal });
  }
}
