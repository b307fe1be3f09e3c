import type { Admission } from '../../engines/admission/admission.ts';
import type { Home } from '../../engines/isolation/home.ts';
import type { WorkLease } from '../../engines/isolation/home.ts';
import type { Transaction } from '../../store/commit.ts';
import type { OperationDocument, TenantDocument } from '../../store/documents.ts';

/** The input of a step. */
export interface StepWork {
  readonly operation: OperationDocument;
  readonly tenant: TenantDocument;
  readonly lease: WorkLease;
  /** The tenant's home on its cell. @throws TenureError internal, before it has been placed */
  home(): Home;
}

/** A step that goes forward also gets the facts with which policy has just allowed it. */
export interface EnsureWork extends StepWork {
  readonly admission: Admission;
}

/** The result of a step, and what its checkpoint commits besides its own record. */
export interface StepOutcome {
  /** For people. */
  readonly result: string;
  /** Returns the changed tenant; runs inside the checkpoint's transaction. */
  readonly commit?: (tx: Transaction, tenant: TenantDocument) => Promise<TenantDocument>;
}

/** One step of a lifecycle path: how to do it and how to undo it. Both may be repeated. */
export interface StepHandler {
  /** Checks whether the step can begin, without changes. Called before the intent of a step that cannot be undone. */
  check?(work: StepWork): Promise<void>;
  ensure(work: EnsureWork): Promise<StepOutcome>;
  undo(work: StepWork): Promise<StepOutcome>;
}
