import { Context } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import { withLogContext, errorFields } from '../platform/logging.ts';
import type { Logger } from '../platform/logging.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { StartAccepted } from '../platform/start-or-defer.ts';
import { beginOperation } from './begin-operation.ts';
import { ensureStep, undoStep } from './run-step.ts';
import { asFailure, RetryForever } from './failure.ts';
import { finishOperation } from './finish-operation.ts';
import type {
  AttemptContext,
  HeldOperation,
  HeldStep,
  OperationActivities,
  OperationEnvironment,
} from './operation-activities.ts';
import { turnOperation } from './start-compensation.ts';

export interface OperationActivitiesDependencies extends OperationEnvironment {
  readonly startAccepted: StartAccepted;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'steps' | 'operations' | 'compensationFailures'>;
}

function attemptContext(): AttemptContext {
  const context = Context.current();
  return {
    attempt: context.info.attempt,
    heartbeat: () => context.heartbeat(),
    throwIfCancelled() {
      if (context.cancellationSignal.aborted) throw new CancelledFailure('the attempt was cancelled');
    },
  };
}

/** The activities of all lifecycle workflows, with logs, metrics, and failures in the form that Temporal needs. */
export function createOperationActivities({
  startAccepted,
  logger,
  metrics,
  ...environment
}: OperationActivitiesDependencies): OperationActivities {
  function observed<Input extends Pick<HeldOperation, 'operation'> & Partial<Pick<HeldStep, 'step'>>, Output>(
    name: string,
    activity: (input: Input) => Promise<Output>,
  ): (input: Input) => Promise<Output> {
    return (input) => {
      const { attempt } = Context.current().info;
      const { requestId, correlationId, operationId, tenant } = input.operation;
      const step = input.step === undefined ? {} : { step: input.step };
      return withLogContext(
        { requestId, correlationId, operationId, tenant: tenant.name, attempt, ...step },
        async () => {
          const stop = metrics.steps.startTimer({ step: input.step ?? name });
          try {
            const output = await activity(input);
            const seconds = stop({ outcome: 'ok' });
            logger.info(name, { durationMs: Math.round(seconds * 1000) });
            return output;
          } catch (error) {
            stop({ outcome: 'failed' });
            logger.warn(`${name} failed`, errorFields(error));
            if (name === 'undoStep') metrics.compensationFailures.inc({ step: input.step ?? name });
            throw asFailure(name === 'undoStep' ? new RetryForever(error) : error, attempt);
          }
        },
      );
    };
  }

  return {
    beginOperation: observed('beginOperation', beginOperation(environment)),
    ensureStep: observed('ensureStep', ensureStep(environment, attemptContext)),
    turnOperation: observed('turnOperation', turnOperation(environment)),
    undoStep: observed('undoStep', undoStep(environment, attemptContext)),
    finishOperation: observed(
      'finishOperation',
      finishOperation(environment, ({ kind, state, seconds }) => metrics.operations.observe({ kind, state }, seconds)),
    ),
    startNext: ({ operationId: _id, plan, ...input }) => startAccepted({ _id, ...input }, plan),
  };
}
