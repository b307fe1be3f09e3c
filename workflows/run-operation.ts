import {
  ActivityCancellationType,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { defineSearchAttributeKey } from '@temporalio/common';
import type {
  HeldOperation,
  HeldStep,
  OperationActivities,
  OperationEnd,
  OperationFailure,
  OperationProgress,
} from '../activities/operation-activities.ts';
import type { OperationInput } from '../domain/workflow-inputs.ts';
import { searchAttributeNames } from '../contracts/search-attributes.ts';
import { stepsOf } from '../domain/step-plan.ts';
import type { StepKey } from '../domain/step-plan.ts';
import { failureOf, isFenced, isFinal, reasonOf } from './operation-failure.ts';
import { stepTable } from './step-table.ts';
import type { ShownState, ShownStep } from './step-table.ts';

/** Unlimited: an operation outlasts any outage. The activity itself throws final errors as non-retryable. */
const retry = { initialInterval: '200ms', maximumInterval: '15s' } as const;

/**
 * Each is one commit to the control database, bounded by the commit's own time limit. They run inside the workflow
 * task: as ordinary activities they took half of an operation's time (docs/decisions/0027-local-activities.md).
 *
 * Local activities are never cancelled: if one is cancelled while its result is on the way, it fails the workflow task,
 * again at every replay (temporalio/sdk-rust#705). A cancellation takes effect between steps, and in the later attempts
 * at a step.
 */
const commits = proxyLocalActivities<OperationActivities>({
  startToCloseTimeout: '12s',
  localRetryThreshold: '30s',
  retry,
});

/** The first attempt at a step, also as a local activity: without problems it takes a few milliseconds. */
const firstAttempts = proxyLocalActivities<OperationActivities>({
  startToCloseTimeout: '8s',
  retry: { maximumAttempts: 1 },
});

/**
 * Every later attempt, as an ordinary activity, so that an operator sees that it waits and why. Steps work under a
 * lease of five seconds, which they renew with each heartbeat; an attempt that cannot renew it stops itself before the
 * heartbeat time-out allows the next one to begin.
 */
const steps = proxyActivities<OperationActivities>({
  startToCloseTimeout: '10m',
  heartbeatTimeout: '6s',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry,
});

const regionKey = defineSearchAttributeKey(searchAttributeNames.region, 'KEYWORD');

/** What a lifecycle workflow returns when its operation has ended. */
export interface OperationOutcome {
  readonly operationId: string;
  readonly state: 'succeeded' | 'failed' | 'cancelled';
}

/**
 * Runs one operation from its state in MongoDB to its end. Forward: each step is ensured in order. When one fails for
 * good, or the workflow is cancelled, the steps that were begun are undone in reverse order, shielded from further
 * cancellation, and the workflow ends as failed or cancelled. The steps to undo are read from the committed intents,
 * which exist before a step begins; so a new run knows them even if the previous one died before it saw them committed.
 */
export async function runOperation(input: OperationInput): Promise<OperationOutcome> {
  const plan = stepsOf(input.kind);
  const shown = new Map<string, ShownStep>();
  let headline = `**${input.kind}** of tenant **${input.tenant.name}**`;
  const show = (step?: StepKey, state?: ShownState, result?: string): void => {
    if (step !== undefined && state !== undefined)
      shown.set(step, { state, ...(result === undefined ? {} : { result }) });
    setCurrentDetails(stepTable(plan, shown, headline));
  };

  const { runId } = workflowInfo();
  const started = await CancellationScope.nonCancellable(() => commits.beginOperation({ operation: input, runId }));
  const held: HeldOperation = { operation: input, runId, fence: started.fence };
  for (const { key } of plan) {
    const state = started.steps[key];
    if (state === 'done' || state === 'undone') show(key, state);
  }
  show();
  if (started.state === 'succeeded' || started.state === 'failed' || started.state === 'cancelled')
    return { operationId: input.operationId, state: started.state };

  let compensating: OperationProgress = started;
  // Destroyed data cannot be restored, so from the pivot on the operation only goes forward.
  let pastPivot = false;
  const requireNotCancelled = (): void => {
    if (!pastPivot && CancellationScope.current().consideredCancelled)
      throw new CancelledFailure('the operation was cancelled');
  };
  if (started.state === 'running') {
    let current: StepKey | undefined;
    try {
      for (const { key, title, pivot } of plan) {
        pastPivot ||= pivot === true && started.steps[key] !== 'pending';
        // An operation that was cancelled before its pivot does not begin it: from there on cancellations are ignored.
        requireNotCancelled();
        pastPivot ||= pivot === true;
        if (started.steps[key] === 'done') continue;
        current = key;
        show(key, 'running');
        const heldStep: HeldStep = { ...held, step: key };
        const forward = (): ReturnType<OperationActivities['ensureStep']> =>
          attempt(
            () => firstAttempts.ensureStep(heldStep),
            () => steps.ensureStep.executeWithOptions({ summary: title }, [heldStep]),
            (reason) => show(key, 'running', reason),
          );
        const { result, region } = await (pastPivot ? CancellationScope.nonCancellable(forward) : forward());
        current = undefined;
        show(key, 'done', result);
        if (key === 'place' && region !== undefined) upsertSearchAttributes([{ key: regionKey, value: region }]);
        requireNotCancelled();
      }
      // All steps are done: from here on the operation is finished, not undone.
      const { state } = await CancellationScope.nonCancellable(() => finish(held));
      headline += ` — ${state}`;
      show();
      return { operationId: input.operationId, state };
    } catch (error) {
      if (isFenced(error)) throw asFenced(input);
      const failure: OperationFailure = failureOf(
        error,
        current,
        !pastPivot && CancellationScope.current().consideredCancelled,
      );
      if (current !== undefined) show(current, 'failed', failure.message);
      headline += ` — undoing: ${failure.message}`;
      compensating = await CancellationScope.nonCancellable(() => commits.turnOperation({ ...held, failure }));
    }
  }

  const ended = await CancellationScope.nonCancellable(async () => {
    for (const { key, title, scope } of plan.toReversed()) {
      const state = compensating.steps[key];
      if (state !== 'done' && state !== 'intent') continue;
      show(key, 'undoing');
      const heldStep: HeldStep = { ...held, step: key };
      const undoAsActivity = (): ReturnType<OperationActivities['undoStep']> =>
        steps.undoStep.executeWithOptions({ summary: `undo: ${title}` }, [heldStep]);
      const { result } = await (scope === 'control'
        ? attempt(
            () => firstAttempts.undoStep(heldStep),
            undoAsActivity,
            (reason) => show(key, 'undoing', reason),
          )
        : undoAsActivity());
      show(key, 'undone', result);
    }
    return finish(held);
  });
  headline += ` — ${ended.state}`;
  show();
  if (ended.state === 'cancelled') throw new CancelledFailure('the operation was cancelled and undone');
  throw ApplicationFailure.nonRetryable(
    compensating.error?.message ?? 'the operation failed and was undone',
    compensating.error?.code ?? 'internal',
  );
}

/** Ends the operation, and starts the one that waited for it. */
async function finish(held: HeldOperation): Promise<OperationEnd> {
  const end = await commits.finishOperation(held);
  if (end.next !== undefined) await commits.startNext(end.next);
  return end;
}

/** Does something at once; if that fails, does it as an activity, so that an operator sees that it waits. */
async function attempt<T>(
  first: () => Promise<T>,
  later: () => Promise<T>,
  report: (reason: string) => void,
): Promise<T> {
  try {
    return await CancellationScope.nonCancellable(first);
  } catch (error) {
    if (isFinal(error)) throw error;
    report(`the first attempt failed: ${reasonOf(error)}`);
    return await later();
  }
}

function asFenced(input: OperationInput): ApplicationFailure {
  return ApplicationFailure.nonRetryable(`a later holder has taken over operation ${input.operationId}`, 'fenced');
}
