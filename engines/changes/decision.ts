import type { PolicyDecision } from '../../contracts/policy.ts';
import type { UnfoldedLeg } from '../../domain/course.ts';
import type { SettledSpec } from '../../domain/spec-fields.ts';
import type { OperationDocument, TenantDocument } from '../../store/documents.ts';
import type { Declaration } from '../../store/resources.ts';

/** An operation that may be begun, and the decision that says so. */
export interface AllowedLeg extends UnfoldedLeg {
  readonly policy: PolicyDecision;
}

interface DecidedBase {
  readonly declaration: Declaration<SettledSpec>;
  /** By which the declaration itself was allowed. */
  readonly policy: PolicyDecision;
}

/** A change that may be made. */
export interface DecidedChange extends DecidedBase {
  readonly kind: 'change';
  /** The operations that it takes, in order; none where writing it down is all. */
  readonly legs: readonly AllowedLeg[];
}

/** A path that may be taken once the running operation has been undone. */
export interface DecidedPreemption extends DecidedBase {
  readonly kind: 'preempt';
  readonly leg: AllowedLeg;
  readonly current: TenantDocument;
  readonly running: OperationDocument;
}

export type Decided =
  DecidedChange | DecidedPreemption | { readonly kind: 'unchanged'; readonly current: TenantDocument };
