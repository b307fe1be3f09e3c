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
import type { OperationInput } from '../domain/operation-input.ts';
import { searchAttributeNames } from '../contracts/search-attributes.ts';
import { stepsOf } from '../domain/step-plan.ts';
import type { StepKey } from '../domain/step-plan.ts';
import { failureOf, isFenced, isFinal, reasonOf } from './operation-failure.ts';
import { stepTable } from './step-table.ts';
import type { ShownState, ShownStep } from './step-table.ts';

/** Unlimited: an operation outlasts any outage. What cannot succeed is thrown as final by the activity itself. */
const retry = { initialInterval: '200ms', maximumInterval: '15s' } as const;

/**
 * One commit to the control database each, bounded by the commit's own time limit. They run inside the workflow task: as
 * activities of their own they took half of an operation's time (docs/decisions/0027-local-activities.md).
 *
 * No local activity is ever cancelled: told to stop while its result is on the way, it fails the workflow task, again and
 * again (temporalio/sdk-rust#705). A cancellation is heeded between steps, and by the later attempts at one.
 */
const commits = proxyLocalActivities<OperationActivities>({
  startToCloseTimeout: '12s',
  localRetryThreshold: '30s',
  retry,
});

/** The first attempt at a step, likewise: where nothing is wrong it takes a few milliseconds. */
const firstAttempts = proxyLocalActivities<OperationActivities>({
  startToCloseTimeout: '8s',
  retry: { maximumAttempts: 1 },
});

/**
 * Every later attempt, where an operator sees it wait and why. Steps work under a lease of five seconds that they renew
 * and heart-beat; an attempt that cannot stops itself before the heartbeat time-out lets the next one begin.
 */
const steps = proxyActivities<OperationActivities>({
  startToCloseTimeout: '10m',
  heartbeatTimeout: '6s',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry,
});

const regionKey = defineSearchAttributeKey(searchAttributeNames.region, 'KEYWORD');

/** What a lifecycle workflow returns when its operation succeeds. */
export interface OperationOutcome {
  readonly operationId: string;
  readonly state: 'succeeded' | 'failed' | 'cancelled';
}

/**
 * Runs one operation from wherever it stands in MongoDB to its end. Forward: each step is ensured in order. When one
 * fails for good, or the workflow is cancelled, what was begun is undone in reverse, shielded from further cancellation,
 * and the workflow ends as failed or cancelled. What is to be undone is read from the committed intents, which are
 * there before a step begins; so it is known to a run that did not live to see them made.
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
  const begun = await CancellationScope.nonCancellable(() => commits.beginOperation({ operation: input, runId }));
  const held: HeldOperation = { operation: input, runId, fence: begun.fence };
  for (const { key } of plan) {
    const state = begun.steps[key];
    if (state === 'done' || state === 'undone') show(key, state);
  }
  show();
  if (begun.state === 'succeeded' || begun.state === 'failed' || begun.state === 'cancelled')
    return { operationId: input.operationId, state: begun.state };

  let turned: OperationProgress = begun;
  // What is destroyed cannot be brought back, so from the pivot on there is only forward.
  let pastPivot = false;
  const requireNotCancelled = (): void => {
    if (!pastPivot && CancellationScope.current().consideredCancelled)
      throw new CancelledFailure('the operation was cancelled');
  };
  if (begun.state === 'running') {
    let current: StepKey | undefined;
    try {
      for (const { key, title, pivot } of plan) {
        pastPivot ||= pivot === true && begun.steps[key] !== 'pending';
        // What was called off before it begins to destroy does not begin: from there on nothing is heard.
        requireNotCancelled();
        pastPivot ||= pivot === true;
        if (begun.steps[key] === 'done') continue;
        current = key;
        show(key, 'running');
        const at: HeldStep = { ...held, step: key };
        const forward = (): ReturnType<OperationActivities['ensureStep']> =>
          attempt(
            () => firstAttempts.ensureStep(at),
            () => steps.ensureStep.executeWithOptions({ summary: title }, [at]),
            (reason) => show(key, 'running', reason),
          );
        const { result, region } = await (pastPivot ? CancellationScope.nonCancellable(forward) : forward());
        current = undefined;
        show(key, 'done', result);
        if (key === 'place' && region !== undefined) upsertSearchAttributes([{ key: regionKey, value: region }]);
        requireNotCancelled();
      }
      // All is in place: from here the operation is finished, not undone.
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
      turned = await CancellationScope.nonCancellable(() => commits.turnOperation({ ...held, failure }));
    }
  }

  const ended = await CancellationScope.nonCancellable(async () => {
    for (const { key, title, scope } of plan.toReversed()) {
      const state = turned.steps[key];
      if (state !== 'done' && state !== 'intent') continue;
      show(key, 'undoing');
      const at: HeldStep = { ...held, step: key };
      const back = (): ReturnType<OperationActivities['undoStep']> =>
        steps.undoStep.executeWithOptions({ summary: `undo: ${title}` }, [at]);
      const { result } = await (scope === 'control'
        ? attempt(
            () => firstAttempts.undoStep(at),
            back,
            (reason) => show(key, 'undoing', reason),
          )
        : back());
      show(key, 'undone', result);
    }
    return finish(held);
  });
  headline += ` — ${ended.state}`;
  show();
  if (ended.state === 'cancelled') throw new CancelledFailure('the operation was cancelled and undone');
  throw ApplicationFailure.nonRetryable(
    turned.error?.message ?? 'the operation failed and was undone',
    turned.error?.code ?? 'internal',
  );
}

/** Ends the operation, and lets the one begin that waited for it. */
async function finish(held: HeldOperation): Promise<OperationEnd> {
  const end = await commits.finishOperation(held);
  if (end.next !== undefined) await commits.startNext(end.next);
  return end;
}

/** Does something at once, and where that fails as an activity that an operator sees wait. */
async function attempt<T>(
  first: () => Promise<T>,
  later: () => Promise<T>,
  tell: (reason: string) => void,
): Promise<T> {
  try {
    return await CancellationScope.nonCancellable(first);
  } catch (error) {
    if (isFinal(error)) throw error;
    tell(`the first attempt failed: ${reasonOf(error)}`);
    return await later();
  }
}

function asFenced(input: OperationInput): ApplicationFailure {
  return ApplicationFailure.nonRetryable(`a later holder has taken over operation ${input.operationId}`, 'fenced');
}
