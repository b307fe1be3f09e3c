import type { Admission } from '../../engines/admission/admission.ts';
import type { Home } from '../../engines/isolation/home.ts';
import type { WorkLease } from '../../engines/isolation/home.ts';
import type { Transaction } from '../../store/commit.ts';
import type { OperationDocument, TenantDocument } from '../../store/documents.ts';

/** What a step works with. */
export interface StepWork {
  readonly operation: OperationDocument;
  readonly tenant: TenantDocument;
  readonly lease: WorkLease;
  /** The tenant's place on its cell. @throws TenureError internal, before it has been placed */
  home(): Home;
}

/** A step that goes forward also has the facts on which policy has just allowed it. */
export interface EnsureWork extends StepWork {
  readonly admission: Admission;
}

/** What a step did, and what its checkpoint is to commit beside its own record. */
export interface StepOutcome {
  /** For people. */
  readonly result: string;
  /** Returns the tenant as it is to stand; runs inside the checkpoint's transaction. */
  readonly commit?: (tx: Transaction, tenant: TenantDocument) => Promise<TenantDocument>;
}

/** One step of a lifecycle path: bringing it about, and taking it back. Both may be repeated. */
export interface StepHandler {
  /** Looks whether the step can be begun; nothing is changed. Asked before the intent of a step that cannot be taken back. */
  look?(work: StepWork): Promise<void>;
  ensure(work: EnsureWork): Promise<StepOutcome>;
  undo(work: StepWork): Promise<StepOutcome>;
}
