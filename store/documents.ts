import type { Binary } from 'mongodb';
import type { LifecycleEnd, LifecycleState, OperationKind } from '../contracts/lifecycle.ts';
import type { LedgerOutcome } from '../contracts/ledger-entry.ts';
import type { ResourceKind } from '../contracts/manifests/manifest.ts';
import type { PlanSpec } from '../contracts/manifests/plan.ts';
import type { RegionSpec } from '../contracts/manifests/region.ts';
import type { TenantTemplateSpec } from '../contracts/manifests/tenant-template.ts';
import type { Condition, PlacementStatus, TenantSpec } from '../contracts/manifests/tenant.ts';
import type { DisabledReason, WebhookEndpointSpec } from '../contracts/manifests/webhook-endpoint.ts';
import type { IsolationReport } from '../contracts/isolation-report.ts';
import type { OperationError } from '../contracts/operation.ts';
import type { OperationState, StepState } from '../contracts/operation-states.ts';
import type { PolicyActor } from '../contracts/policy.ts';
import type { MemberState, RolloutState } from '../contracts/rollout.ts';
import type { DriftFinding } from '../domain/drift.ts';
import type { StepKey } from '../domain/step-plan.ts';
import type { SpecFields } from '../domain/spec-fields.ts';

/** Version of the stored form that this build writes; older documents are upgraded when they are read. */
export const storageVersion = 4;

interface ResourceBase<Kind extends ResourceKind, Spec> {
  _id: string;
  storageVersion: typeof storageVersion;
  kind: Kind;
  name: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  spec: Spec;
  generation: number;
  revision: number;
  createTime: Date;
  updateTime: Date;
}

export type PlanDocument = ResourceBase<'Plan', PlanSpec>;
export type RegionDocument = ResourceBase<'Region', RegionSpec>;

export type TenantTemplateDocument = ResourceBase<'TenantTemplate', TenantTemplateSpec>;

export interface WebhookEndpointDocument extends ResourceBase<'WebhookEndpoint', WebhookEndpointSpec> {
  /** Why and since when the plane sends nothing; null while it sends. */
  disabled: { reason: DisabledReason; time: Date } | null;
}

export interface TenantDocument extends ResourceBase<'Tenant', TenantSpec> {
  lifecycle: LifecycleState;
  observedGeneration: number;
  conditions: Condition[];
  placement: PlacementStatus | null;
  /**
   * Name of its user on the cell; a new one each time access is granted. Null before the first time, and if an earlier
   * build created the user.
   */
  databaseUser: string | null;
  /** Tables reserved for it from its cell's budget. */
  tables: number;
  /** The lock: the only operation that may change the tenant, with the fence of its current holder. */
  operation: { id: string; kind: OperationKind; fence: number } | null;
  /** The highest fence issued so far; a new holder gets the next number. */
  lastFence: number;
  /** Increases whenever access is revoked; a client's lease is valid for one epoch. */
  epoch: number;
  /** The operation that gets the lock when the current holder has been undone. */
  pending: { id: string; kind: OperationKind } | null;
  deletion: Deletion | null;
  /** The plan in effect, with the generation that was bound. */
  plan: { name: string; generation: number; bindTime: Date } | null;
  /** A change of plan that is scheduled for later. */
  scheduledPlan: ScheduledPlan | null;
  /** Fields of the spec that a verb wrote last: a manifest does not reverse them unless forced. */
  owners: Partial<Record<OwnedField, FieldOwner>>;
}

/** The state that undelete leads to, and when the purge is due. */
export interface Deletion {
  from: 'Draft' | 'Archived';
  deleteTime: Date;
  purgeTime: Date;
}

export interface ScheduledPlan {
  name: string;
  time: Date;
  actor: PolicyActor;
  requestId: string;
  correlationId: string;
}

export type OwnedField = 'lifecycle' | 'plan' | 'template';

export interface FieldOwner {
  verb: OperationKind | 'roll_out';
  time: Date;
}

/** The roll-out of a template's version to the tenants of the template. */
export interface RolloutDocument {
  _id: string;
  storageVersion: typeof storageVersion;
  template: { uid: string; name: string };
  version: number;
  labelSelector: string | null;
  waves: (number | string)[];
  maxFailures: number;
  state: RolloutState;
  /** Present while it runs or is paused: a template has at most one such roll-out. */
  active?: true;
  /** Present while a workflow still has work for it. */
  unsettled?: true;
  reason: string | null;
  /** Index of the current wave. */
  wave: number;
  tenants: number;
  /** Name of the last tenant that was added. */
  cursor: string | null;
  /** On whose behalf tenants are changed. Removed when the roll-out ends. */
  actor?: PolicyActor;
  requestId: string;
  correlationId: string;
  createTime: Date;
  updateTime: Date;
  endTime: Date | null;
}

export interface RolloutMemberDocument {
  _id: { rollout: string; tenant: string };
  name: string;
  state: MemberState;
  /** The operation that changes the tenant; null before it starts, and for a Draft, which needs none. */
  operationId: string | null;
  error: { code: string; message: string } | null;
  /** When the tenant was added, by mongod's clock; absent in documents of an earlier build. */
  takeTime?: Date;
}

/** What the last scan found in a tenant's home. */
export interface DriftDocument {
  _id: string;
  cell: string;
  /** The tenant's last fence at the time of the scan; absent in observations of an earlier build, which the next scan renews. */
  fence?: number;
  checkTime: Date;
  findings: DriftFinding[];
}

/** The verification of the boundary between two tenants: one document for each pair for which it was requested. */
export interface VerificationDocument {
  /** Both uids, sorted. */
  _id: string;
  tenants: { uid: string; name: string }[];
  /** The verification that is running, and the attempt that may record it. */
  running: {
    id: string;
    attempt: string | null;
    actor: PolicyActor;
    requestId: string;
    correlationId: string;
    startTime: Date;
  } | null;
  /** Why the last verification ended without a verdict. */
  failure: { id: string; time: Date; code: string; message: string } | null;
  /** The last verification with a verdict. */
  report: IsolationReport | null;
  updateTime: Date;
}

/** Consecutive failures of the plane's own work for a tenant. */
export interface BackoffDocument {
  _id: string;
  work: string;
  tenant: string;
  failures: number;
  until: Date;
}

/** Changes of one kind within the brake's window, by the part of the window in which they were accepted. */
export interface BrakeDocument {
  _id: OperationKind;
  slots?: { start: Date; count: number }[];
  /** Written by an older build: the time of each change, the latest 10,000. */
  times?: Date[];
}

/** What is kept of a purged tenant, forever. */
export interface TombstoneDocument {
  _id: string;
  storageVersion: typeof storageVersion;
  name: string;
  createTime: Date;
  deleteTime: Date;
  purgeTime: Date;
  generation: number;
  /** The last revision: the next tenant of this name starts after it, so that no ETag can mean two tenants. */
  revision: number;
  /** The last placement, if it had one. */
  placement: PlacementStatus | null;
  operationId: string;
  /** The entry that committed the purge. */
  ledgerEntry: string;
}

/** The search keys of a tenant: derived on each write, and left out on reads. */
interface SearchKeys {
  facets: string[];
  /** The version of the rules that derived them. */
  facetScheme: string;
}

/** Kinds that are only declared: no operation runs for them. */
export type CatalogDocument = PlanDocument | RegionDocument | TenantTemplateDocument | WebhookEndpointDocument;
export type StoredResource = CatalogDocument | (TenantDocument & SearchKeys);
export type ResourceDocument = CatalogDocument | TenantDocument;
export type DocumentOfKind<Kind extends ResourceKind> = Extract<ResourceDocument, { kind: Kind }>;

/** One generation of a resource. It never changes. */
export interface RevisionDocument {
  _id: { uid: string; generation: number };
  storageVersion: typeof storageVersion;
  kind: ResourceKind;
  name: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  spec: ResourceDocument['spec'];
  time: Date;
  /** The entry that committed it. */
  ledgerEntry: string;
}

export interface StepDocument {
  state: StepState;
  attempts: number;
  startTime?: Date;
  endTime?: Date;
  result?: string;
}

export interface StepLease {
  holder: string;
  step: string;
  until: Date;
}

export interface OperationDocument {
  _id: string;
  storageVersion: typeof storageVersion;
  kind: OperationKind;
  tenant: { uid: string; name: string };
  state: OperationState;
  /** Present while the state is not final; the sweep finds operations by it. */
  unfinished?: true;
  /** The state before it; if the operation fails, the tenant stays there. */
  from: LifecycleState;
  /** The state it leads to. */
  to: LifecycleEnd;
  generation: number;
  /**
   * On whose behalf it acts, for policy and for its entries. Removed when it ends: from then on only the ledger's
   * openings have the name.
   */
  actor?: PolicyActor;
  requestId: string;
  correlationId: string;
  /** The fields that it writes into the spec. For a pending operation they are not written yet. */
  assign: SpecFields;
  /** The values of these fields before the operation, written back when it is undone; null: the field was absent. */
  restore: SpecFields;
  /**
   * The current values of fields that later operations will change, until those begin; written back with its own fields
   * when this operation is undone.
   */
  deferred?: SpecFields;
  /** The operation that begins when this one succeeds: the declaration needs both. */
  next?: string;
  /** The operation that was to follow this one, and was cancelled before it began. */
  cutShort?: { id: string; kind: OperationKind };
  /** The state of the tenant, except for its spec, when the operation was accepted. */
  before: Pick<TenantDocument, 'deletion' | 'plan' | 'owners'> & {
    readonly scheduledPlan?: TenantDocument['scheduledPlan'];
  };
  /** A purge before the purge time. */
  early?: true;
  /**
   * For a pending operation: the operation that must end first. A preempted operation must be undone; any other must
   * succeed.
   */
  waitsFor: string | null;
  /** When its cancellation was requested: it starts compensating at its next commit. */
  cancelRequestTime: Date | null;
  /** Set when the rest of the work on the cell was abandoned; `left` names what may still be on the cell. */
  abandonment?: { time: Date; cell: string; left: string[] };
  fence: number;
  /** The Temporal run that holds the fence. */
  runId: string | null;
  /** The steps of its path. */
  steps: Partial<Record<StepKey, StepDocument>>;
  /** Which attempts may still be working outside the control database, and until when (server time). */
  leases: StepLease[];
  error: OperationError | null;
  /** The final state after compensation. */
  compensatesTo: 'failed' | 'cancelled' | null;
  createTime: Date;
  startTime: Date | null;
  endTime: Date | null;
  updateTime: Date;
}

/** The value behind a commitment in an entry; it can be erased without a change of the entry. */
export interface CommitmentOpening {
  pointer: string;
  salt: string;
  value: string;
}

export interface LedgerDocument {
  _id: string;
  /** The exact bytes that are hashed. */
  bytes: Binary;
  /** Copied from the bytes, for searching. */
  tenant: string | null;
  action: string;
  /** `kind/name`, or `kind/uid` if the target has no name. */
  target: string;
  outcome: LedgerOutcome;
  operationId: string | null;
  requestId: string;
  correlationId: string;
  time: Date;
  openings: CommitmentOpening[];
}

/** A secret in its stored form: never plaintext. */
export interface SecretDocument {
  _id: string;
  tenant: string;
  sealed: SealedSecret;
  createTime: Date;
}

/** AES-256-GCM; `key` is the id of the key that sealed it. */
export interface SealedSecret {
  key: string;
  iv: Binary;
  ciphertext: Binary;
  tag: Binary;
}

/**
 * A part of the usage state of a resource without operations. A transaction that begins to use the resource writes to
 * any part; one that removes it writes to all.
 */
export interface StandingDocument {
  _id: string;
  begun?: number;
  removed?: true;
  /** The final generation and revision of an earlier resource of this name. */
  earlier?: { generation: number; revision: number };
}

export interface TenantLeaseDocument {
  _id: string;
  tenant: string;
  epoch: number;
  subject: string;
  until: Date;
  /** Read by the TTL index. */
  expireTime: Date;
}

/** Counts each grant and each revocation of access to a tenant. */
export interface AccessTurnDocument {
  _id: string;
  turns: number;
}
