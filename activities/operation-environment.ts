import type { Admit } from '../engines/admission/admission.ts';
import type { Templates } from '../engines/rollouts/templates.ts';
import type { Cells } from '../engines/isolation/cells.ts';
import type { StepKey } from '../domain/step-plan.ts';
import type { Failpoints } from '../platform/failpoints.ts';
import type { WorkflowStarters } from '../platform/workflow-starters.ts';
import type { Store } from '../store/store.ts';
import type { StepHandler } from './steps/step-handler.ts';

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
