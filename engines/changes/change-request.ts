import type { DeclaredTenantSpec } from '../../contracts/manifests/tenant.ts';
import type { TenantVerb } from '../../domain/tenant-verb.ts';
import type { Transaction } from '../../store/commit.ts';
import type { OperationDocument, TenantDocument } from '../../store/documents.ts';
import type { Declaration } from '../../store/resources.ts';
import type { Caller, Permit } from '../requests/caller.ts';
import type { NamedRevision, Precondition } from '../requests/precondition.ts';

interface TenantRequest {
  readonly name: string;
  readonly precondition: Precondition;
  readonly caller: Caller;
  /** Asked about the tenant that is decided on; absent where the caller's right was established before. */
  readonly permit?: Permit;
  /** The caller knows that many tenants are being changed, and may say so. */
  readonly confirmMassChange?: boolean;
  /** Runs in the commit, with what it made: keeps the answer under the request's idempotency key. */
  readonly alsoCommit: (tx: Transaction, changed: ChangedTenant) => Promise<void>;
}

/** What a tenant is to be, as a manifest says it. */
export interface Declare extends TenantRequest {
  /** What is declared, given the tenant as it stands. */
  readonly declare: (
    current: TenantDocument | undefined,
  ) => Declaration<DeclaredTenantSpec> | Promise<Declaration<DeclaredTenantSpec>>;
  /** The revision that the manifest names. */
  readonly named?: NamedRevision | undefined;
  /** Nothing but a creation is asked for. */
  readonly creates?: true;
  /** Reverse also what a verb has set. */
  readonly force?: boolean;
  /** Declared by a roll-out, which then owns the template's version. */
  readonly byRollout?: boolean;
}

/** A lifecycle path by its name. The tenant must exist. */
export interface Command extends TenantRequest {
  readonly verb: TenantVerb;
  /** Have a running operation cancelled and undone first, where the path leads on from there. */
  readonly preempt?: boolean;
}

export type ChangeTenantRequest = Declare | Command;

export interface ChangedTenant {
  readonly outcome: 'created' | 'changed' | 'unchanged';
  readonly tenant: TenantDocument;
  /** The operation that brings it about: new, running already, or pending. */
  readonly operation?: OperationDocument;
  /** Those that follow it, in order: what was declared takes them all. */
  readonly following?: readonly OperationDocument[];
  /** Where the new one waits for it: the one that is being cancelled. */
  readonly preempted?: OperationDocument;
}

/** The operation that a change has brought about and whose workflow may be started now. */
export function newOperationOf(changed: ChangedTenant | undefined): OperationDocument | undefined {
  return changed === undefined || changed.outcome === 'unchanged' || changed.preempted !== undefined
    ? undefined
    : changed.operation;
}

export type ChangeTenant = (request: ChangeTenantRequest) => Promise<ChangedTenant>;
