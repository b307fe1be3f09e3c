import type { FinalOperationState, StepState } from '../contracts/operation-states.ts';
import type { ProblemCode } from '../contracts/problems.ts';
import type { OperationInput, StartableOperation } from '../domain/operation-input.ts';
import type { StepKey } from '../domain/step-plan.ts';
import type { Admit } from '../engines/admission/admission.ts';
import type { Cells } from '../engines/isolation/cells.ts';
import type { Templates } from '../engines/rollouts/templates.ts';
import type { Failpoints } from '../platform/failpoints.ts';
import type { WorkflowStarters } from '../platform/workflow-starters.ts';
import type { Store } from '../store/store.ts';
import type { StepHandler } from './steps/step-handler.ts';

/** An operation as one holder works on it. */
export interface HeldOperation {
  readonly operation: OperationInput;
  /** Of Temporal. A run that was reset to a later task repeats its forerunner's fence, but not its id. */
  readonly runId: string;
  readonly fence: number;
}

export interface HeldStep extends HeldOperation {
  readonly step: StepKey;
}

/** Why an operation is turned round. */
export interface OperationFailure {
  readonly to: 'failed' | 'cancelled';
  /** The type of the failure that Temporal saw: a problem's code, where one of ours failed. */
  readonly code: string;
  readonly message: string;
  readonly step?: StepKey;
  readonly errors?: readonly { readonly message: string }[];
}

export interface OperationProgress {
  readonly fence: number;
  readonly state: 'running' | 'compensating' | FinalOperationState;
  readonly steps: Readonly<Record<string, StepState>>;
  /** Why it was turned round, if it was. */
  readonly error?: { readonly code: ProblemCode; readonly message: string };
}

/**
 * What a lifecycle workflow asks of the world. Every activity may be repeated: it looks at what is committed first, and
 * a holder whose fence is no longer the highest is refused with the final failure `fenced`.
 */
export interface OperationActivities {
  /** Takes the lock over for this run, and says how far the operation has come. */
  beginOperation(input: { readonly operation: OperationInput; readonly runId: string }): Promise<OperationProgress>;
  /** Brings a step about and commits that it is done; a step that is done is left alone. */
  ensureStep(input: HeldStep): Promise<{ readonly result: string; readonly region?: string }>;
  /** Turns the operation round: from now on steps are only undone. */
  turnOperation(input: HeldOperation & { readonly failure: OperationFailure }): Promise<OperationProgress>;
  /** Takes a step back and commits that it is undone. */
  undoStep(input: HeldStep): Promise<{ readonly result: string }>;
  /** Commits the operation's end, the tenant's state and the event that tells it, and gives the lock back. */
  finishOperation(input: HeldOperation): Promise<OperationEnd>;
  /** Starts the operation that took the lock over; one that is missed is started by the sweep. */
  startNext(input: StartableOperation): Promise<void>;
}

export interface OperationEnd {
  readonly state: FinalOperationState;
  /** The operation that was pending and has the lock now. */
  readonly next?: StartableOperation;
}

/** What the activities of an operation are built from. */
export interface OperationEnvironment {
  readonly store: Store;
  readonly admit: Admit;
  readonly cells: Cells;
  readonly templates: Templates;
  readonly handlers: Record<StepKey, StepHandler>;
  readonly installation: string;
  /** Names this worker among those that look at cells. */
  readonly worker: string;
  readonly failpoints: Failpoints;
  readonly startOperation: WorkflowStarters['startOperation'];
}

/** What Temporal gives the attempt that runs. */
export interface AttemptContext {
  /** Which one of this activity it is, from 1 on. */
  readonly attempt: number;
  readonly heartbeat: () => void;
  readonly throwIfCancelled: () => void;
}
