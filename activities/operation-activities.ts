import type { FinalOperationState, StepState } from '../contracts/operation-states.ts';
import type { ProblemCode } from '../contracts/problems.ts';
import type { OperationInput, StartableOperation } from '../domain/workflow-inputs.ts';
import type { StepKey } from '../domain/step-plan.ts';
import type { Admit } from '../engines/admission/admission.ts';
import type { Cells } from '../engines/isolation/cells.ts';
import type { Templates } from '../engines/rollouts/templates.ts';
import type { Failpoints } from '../platform/failpoints.ts';
import type { Store } from '../store/store.ts';
import type { StepHandler } from './steps/step-handler.ts';

/** An operation with the holder that works on it. */
export interface HeldOperation {
  readonly operation: OperationInput;
  /** Temporal's run id. A run that was reset to a later task repeats its predecessor's fence, but not its id. */
  readonly runId: string;
  readonly fence: number;
}

export interface HeldStep extends HeldOperation {
  readonly step: StepKey;
}

/** Why an operation is compensated. */
export interface OperationFailure {
  readonly to: 'failed' | 'cancelled';
  /** The type of the failure that Temporal saw: a problem code, if the failure was one of Tenure's. */
  readonly code: string;
  readonly message: string;
  readonly step?: StepKey;
  readonly errors?: readonly { readonly message: string }[];
}

export interface OperationProgress {
  readonly fence: number;
  readonly state: 'running' | 'compensating' | FinalOperationState;
  readonly steps: Readonly<Record<string, StepState>>;
  /** Why it was compensated, if it was. */
  readonly error?: { readonly code: ProblemCode; readonly message: string };
}

/**
 * The activities of a lifecycle workflow. Each may be repeated: it first reads what is committed, and a holder whose
 * fence is no longer the highest is refused with the final failure `fenced`.
 */
export interface OperationActivities {
  /** Takes over the lock for this run, and returns the progress of the operation. */
  beginOperation(input: { readonly operation: OperationInput; readonly runId: string }): Promise<OperationProgress>;
  /** Completes a step and commits that it is done; does nothing if it is already done. */
  ensureStep(input: HeldStep): Promise<{ readonly result: string; readonly region?: string }>;
  /** Starts the compensation of the operation: from now on steps are only undone. */
  turnOperation(input: HeldOperation & { readonly failure: OperationFailure }): Promise<OperationProgress>;
  /** Undoes a step and commits that it is undone. */
  undoStep(input: HeldStep): Promise<{ readonly result: string }>;
  /** Commits the operation's end, the tenant's state and the event about it, and releases the lock. */
  finishOperation(input: HeldOperation): Promise<OperationEnd>;
  /** Starts the operation that got the lock; if this fails, the sweep starts it. */
  startNext(input: StartableOperation): Promise<void>;
}

export interface OperationEnd {
  readonly state: FinalOperationState;
  /** The operation that was pending and now has the lock. */
  readonly next?: StartableOperation;
}

/** The dependencies of an operation's activities. */
export interface OperationEnvironment {
  readonly store: Store;
  readonly admit: Admit;
  readonly cells: Cells;
  readonly templates: Templates;
  readonly handlers: Record<StepKey, StepHandler>;
  readonly installation: string;
  /** The name of this worker among those that check cells. */
  readonly worker: string;
  readonly failpoints: Failpoints;
}

/** What Temporal provides to the running attempt. */
export interface AttemptContext {
  /** The number of the attempt at this activity, from 1. */
  readonly attempt: number;
  readonly heartbeat: () => void;
  readonly throwIfCancelled: () => void;
}
