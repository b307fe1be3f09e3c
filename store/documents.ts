import type { Binary } from 'mongodb';
import type { LifecycleEnd, LifecycleState, OperationKind } from '../contracts/lifecycle.ts';
import type { LedgerOutcome } from '../contracts/ledger-entry.ts';
import type { ResourceKind } from '../contracts/manifests/manifest.ts';
import type { PlanSpec } from '../contracts/manifests/plan.ts';
import type { RegionSpec } from '../contracts/manifests/region.ts';
import type { TenantTemplateSpec } from '../contracts/manifests/tenant-template.ts';
import type { Condition, PlacementStatus, TenantSpec } from '../contracts/manifests/tenant.ts';
import type { IsolationReport } from '../contracts/isolation-report.ts';
import type { OperationError } from '../contracts/operation.ts';
import type { OperationState, StepState } from '../contracts/operation-states.ts';
import type { PolicyActor } from '../contracts/policy.ts';
import type { MemberState, RolloutState } from '../contracts/rollout.ts';
import type { DriftFinding } from '../domain/drift.ts';
import type { StepKey } from '../domain/step-plan.ts';
import type { SpecFields } from '../domain/spec-fields.ts';

/** Version of the stored form that this build writes; older ones are brought up when they are read. */
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

export interface TenantDocument extends ResourceBase<'Tenant', TenantSpec> {
  lifecycle: LifecycleState;
  observedGeneration: number;
  conditions: Condition[];
  placement: PlacementStatus | null;
  /** Name of its user on the cell, another one whenever access is given; null before the first, and where an earlier build made it. */
  databaseUser: string | null;
  /** Tables promised to it in its cell's budget. */
  tables: number;
  /** The lock: the one operation that may change the tenant, with the fence of its present holder. */
  operation: { id: string; kind: OperationKind; fence: number } | null;
  /** The highest fence given out; a new holder gets one more. */
  lastFence: number;
  /** Moves whenever access is taken away; a client's lease is for one epoch. */
  epoch: number;
  /** The operation that takes the lock over when the one that holds it has been undone. */
  pending: { id: string; kind: OperationKind } | null;
  deletion: Deletion | null;
  /** The plan in effect, by the generation it was bound at. */
  plan: { name: string; generation: number; bindTime: Date } | null;
  /** A change of plan that waits for its time. */
  scheduledPlan: ScheduledPlan | null;
  /** Fields of the spec that a verb wrote last: a manifest does not reverse them unasked. */
  owners: Partial<Record<OwnedField, FieldOwner>>;
}

/** Where undelete leads, and when the purge is due. */
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

/** A template's version on its way to the tenants of the template. */
export interface RolloutDocument {
  _id: string;
  storageVersion: typeof storageVersion;
  template: { uid: string; name: string };
  version: number;
  labelSelector: string | null;
  waves: (number | string)[];
  maxFailures: number;
  state: RolloutState;
  /** Present while it runs or is paused: of one template there is one. */
  active?: true;
  /** Present while a workflow has something to do for it. */
  unsettled?: true;
  reason: string | null;
  /** Index of the one under way. */
  wave: number;
  tenants: number;
  /** Name of the tenant that was taken last. */
  cursor: string | null;
  /** On whose behalf tenants are changed. Gone once it has ended. */
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
  /** The one that changes it; null before it is begun, and for a Draft, which needs none. */
  operationId: string | null;
  error: { code: string; message: string } | null;
  /** When it was taken, by mongod's clock; absent where an earlier build took it. */
  takeTime?: Date;
}

/** What the last scan found of a tenant's home. */
export interface DriftDocument {
  _id: string;
  cell: string;
  checkTime: Date;
  findings: DriftFinding[];
}

/** The verification of the boundary between two tenants: one document for each pair that was asked for. */
export interface VerificationDocument {
  /** Both uids, in their order. */
  _id: string;
  tenants: { uid: string; name: string }[];
  /** The one that is under way, and the attempt that may record it. */
  running: {
    id: string;
    attempt: string | null;
    actor: PolicyActor;
    requestId: string;
    correlationId: string;
    startTime: Date;
  } | null;
  /** Why the last one ended without a verdict. */
  failure: { id: string; time: Date; code: string; message: string } | null;
  /** The last one that has a verdict. */
  report: IsolationReport | null;
  updateTime: Date;
}

/** Failures in a row of the plane's own work for a tenant. */
export interface BackoffDocument {
  _id: string;
  work: string;
  tenant: string;
  failures: number;
  until: Date;
}

/** Changes of one kind within the brake's window, by the part of it in which they were accepted. */
export interface BrakeDocument {
  _id: OperationKind;
  slots?: { start: Date; count: number }[];
  /** Of an older build: one by one, the latest 10,000. */
  times?: Date[];
}

/** What is kept of a tenant that was purged, for ever. */
export interface TombstoneDocument {
  _id: string;
  storageVersion: typeof storageVersion;
  name: string;
  createTime: Date;
  deleteTime: Date;
  purgeTime: Date;
  generation: number;
  /** The last one: the next tenant of this name begins after it, so that no ETag means two tenants. */
  revision: number;
  /** Where it was, when it was somewhere. */
  placement: PlacementStatus | null;
  operationId: string;
  /** The entry that committed the purge. */
  ledgerEntry: string;
}

/** What a tenant is searched by: derived whenever it is stored, and left out when it is read. */
interface SearchKeys {
  facets: string[];
  /** The rules by which they were derived. */
  facetScheme: string;
}

export type StoredResource = PlanDocument | RegionDocument | TenantTemplateDocument | (TenantDocument & SearchKeys);
export type ResourceDocument = PlanDocument | RegionDocument | TenantTemplateDocument | TenantDocument;
export type DocumentOfKind<Kind extends ResourceKind> = Extract<ResourceDocument, { kind: Kind }>;

/** One generation of a resource, never changed. */
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
  /** Present while the state is not final; the sweep looks these up. */
  unfinished?: true;
  /** Where it leads; a failed one leaves the tenant where it was. */
  from: LifecycleState;
  to: LifecycleEnd;
  generation: number;
  /** On whose behalf it acts, for policy and its entries. Gone once it has ended: from then on only the ledger's openings know. */
  actor?: PolicyActor;
  requestId: string;
  correlationId: string;
  /** What it writes into the spec. Of a pending operation this is still to be done. */
  assign: SpecFields;
  /** What these fields held before, written back when the operation is undone; null: the field was absent. */
  restore: SpecFields;
  /** What the fields of the operations that follow it hold until those begin; written back with its own where it is undone. */
  deferred?: SpecFields;
  /** The operation that begins when this one has succeeded: what was declared takes both. */
  next?: string;
  /** The operation that was to follow it, and was cancelled before it began. */
  cutShort?: { id: string; kind: OperationKind };
  /** What stood of the tenant, beside its spec, when the operation was accepted. */
  before: Pick<TenantDocument, 'deletion' | 'plan' | 'owners'> & {
    readonly scheduledPlan?: TenantDocument['scheduledPlan'];
  };
  /** A purge before its time. */
  early?: true;
  /** Of a pending operation: the one that has to end first, by being undone where it was preempted, else by succeeding. */
  waitsFor: string | null;
  /** Somebody asked for its cancellation: it is turned round at its next word. */
  cancelRequestTime: Date | null;
  /** Somebody has given up what was still to be done on the cell; what may be left there, by name. */
  abandonment?: { time: Date; cell: string; left: string[] };
  fence: number;
  /** Temporal run that holds the fence. */
  runId: string | null;
  /** Those of its path. */
  steps: Partial<Record<StepKey, StepDocument>>;
  /** Who may still be at work outside the control database, and until when (server time). */
  leases: StepLease[];
  error: OperationError | null;
  /** The final state that compensation leads to. */
  compensatesTo: 'failed' | 'cancelled' | null;
  createTime: Date;
  startTime: Date | null;
  endTime: Date | null;
  updateTime: Date;
}

/** What a commitment in an entry stands for; erased without touching the entry. */
export interface CommitmentOpening {
  pointer: string;
  salt: string;
  value: string;
}

export interface LedgerDocument {
  _id: string;
  /** Exactly the bytes that are hashed. */
  bytes: Binary;
  /** Copied out of the bytes, to search by. */
  tenant: string | null;
  action: string;
  outcome: LedgerOutcome;
  operationId: string | null;
  requestId: string;
  correlationId: string;
  time: Date;
  openings: CommitmentOpening[];
}

/** A secret as it rests: never plaintext. */
export interface SecretDocument {
  _id: string;
  tenant: string;
  sealed: SealedSecret;
  createTime: Date;
}

/** AES-256-GCM; `key` names the key that sealed it. */
export interface SealedSecret {
  key: string;
  iv: Binary;
  ciphertext: Binary;
  tag: Binary;
}

/** Which deployment a cell is. */
export interface CellIdentityDocument {
  /** The cell's name. */
  _id: string;
  identity: string;
  pinTime: Date;
}

/** What a worker last saw of a cell; an observation, not a decision. */
export interface CellDocument {
  /** Cell and worker. */
  _id: string;
  cell: string;
  worker: string;
  reachable: boolean;
  checkTime: Date;
  error?: string;
}

/** A part of what is promised on one cell; only the sum of all its parts means something. */
export interface CellTablesDocument {
  _id: string;
  cell: string;
  tables: number;
  /** How often all parts were written to so that no tenant is placed meanwhile. */
  holds?: number;
}

/** A part of how a plan, a region or a template stands; who begins to use it writes to any, who removes it to all. */
export interface StandingDocument {
  _id: string;
  begun?: number;
  removed?: true;
  /** Where an earlier resource of this name has ended. */
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

/** Counts who has given access to a tenant or taken it away. */
export interface AccessTurnDocument {
  _id: string;
  turns: number;
}
