import type { DeclaredTenantSpec } from '../../contracts/manifests/tenant.ts';
import type { TenantVerb } from '../../domain/tenant-verb.ts';
import type { Transaction } from '../../store/commit.ts';
import type { OperationDocument, TenantDocument } from '../../store/documents.ts';
import type { Declaration } from '../../store/resources.ts';
import type { Caller, Permit } from '../requests/caller.ts';
import type { NamedRevision, Precondition } from '../requests/precondition.ts';
import type { PolicyDecision } from '../../contracts/policy.ts';
import type { UnfoldedLeg } from '../../domain/course.ts';
import type { CompleteSpec } from '../../domain/spec-fields.ts';

interface TenantRequest {
  readonly name: string;
  readonly precondition: Precondition;
  readonly caller: Caller;
  /** Authorizes the caller for the tenant that is changed; absent if the caller was already authorized. */
  readonly permit?: Permit;
  /** The caller confirms a change that the mass-change brake would stop. */
  readonly confirmMassChange?: boolean;
  /** Runs inside the commit, with its result: keeps the answer under the request's idempotency key. */
  readonly alsoCommit: (tx: Transaction, changed: ChangedTenant) => Promise<void>;
}

/** A tenant as a manifest declares it. */
export interface Declare extends TenantRequest {
  /** Returns the declaration, given the current tenant. */
  readonly declare: (
    current: TenantDocument | undefined,
  ) => Declaration<DeclaredTenantSpec> | Promise<Declaration<DeclaredTenantSpec>>;
  /** The revision named in the manifest. */
  readonly named?: NamedRevision | undefined;
  /** The request may only create a tenant. */
  readonly creates?: true;
  /** Also overwrite fields that a verb has set. */
  readonly force?: boolean;
  /** A roll-out declares it and then owns the template's version. */
  readonly byRollout?: boolean;
}

/** A lifecycle path, requested by its name. The tenant must exist. */
export interface Command extends TenantRequest {
  readonly verb: TenantVerb;
  /** Cancel and undo a running operation first, if the path is possible from the state that this leaves. */
  readonly preempt?: boolean;
}

export type ChangeTenantRequest = Declare | Command;

export interface ChangedTenant {
  readonly outcome: 'created' | 'changed' | 'unchanged';
  readonly tenant: TenantDocument;
  /** The operation that makes the change: new, already running, or pending. */
  readonly operation?: OperationDocument;
  /** The operations that follow it, in order. The declaration needs all of them. */
  readonly following?: readonly OperationDocument[];
  /** The operation that is being cancelled, if the new one waits for it. */
  readonly preempted?: OperationDocument;
}

/** The new operation of a change, if its workflow can be started now. */
export function newOperationOf(changed: ChangedTenant | undefined): OperationDocument | undefined {
  return changed === undefined || changed.outcome === 'unchanged' || changed.preempted !== undefined
    ? undefined
    : changed.operation;
}

export type ChangeTenant = (request: ChangeTenantRequest) => Promise<ChangedTenant>;

/** An operation that may start, and the decision that allowed it. */
export interface AllowedLeg extends UnfoldedLeg {
  readonly policy: PolicyDecision;
}

interface DecidedBase {
  readonly declaration: Declaration<CompleteSpec>;
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
