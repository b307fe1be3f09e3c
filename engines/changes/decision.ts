import type { PolicyDecision } from '../../contracts/policy.ts';
import type { UnfoldedLeg } from '../../domain/course.ts';
import type { SettledSpec } from '../../domain/spec-fields.ts';
import type { OperationDocument, TenantDocument } from '../../store/documents.ts';
import type { Declaration } from '../../store/resources.ts';

/** An operation that may start, and the decision that allowed it. */
export interface AllowedLeg extends UnfoldedLeg {
  readonly policy: PolicyDecision;
}

interface DecidedBase {
  readonly declaration: Declaration<SettledSpec>;
  /** The decision that allowed the declaration itself. */
  readonly policy: PolicyDecision;
}

/** A change that may be made. */
export interface DecidedChange extends DecidedBase {
  readonly kind: 'change';
  /** The operations that the change needs, in order; empty if storing the declaration is enough. */
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
