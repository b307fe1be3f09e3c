import type { Binary } from 'mongodb';
import type { LifecycleState, OperationKind } from '../contracts/lifecycle.ts';
import type { LedgerOutcome } from '../contracts/ledger-entry.ts';
import type { ResourceKind } from '../contracts/manifests/manifest.ts';
import type { PlanSpec } from '../contracts/manifests/plan.ts';
import type { RegionSpec } from '../contracts/manifests/region.ts';
import type { Condition, PlacementStatus, TenantSpec } from '../contracts/manifests/tenant.ts';
import type { OperationError } from '../contracts/operation.ts';
import type { OperationState, StepState } from '../contracts/operation-states.ts';
import type { PolicyActor } from '../contracts/policy.ts';
import type { StepKey } from '../domain/step-plan.ts';

/** Version of the stored form that this build writes; older ones are brought up when they are read. */
export const storageVersion = 1;

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

export interface TenantDocument extends ResourceBase<'Tenant', TenantSpec> {
  lifecycle: LifecycleState;
  observedGeneration: number;
  conditions: Condition[];
  placement: PlacementStatus | null;
  /** Tables promised to it in its cell's budget. */
  tables: number;
  /** The lock: the one operation that may change the tenant, with the fence of its present holder. */
  operation: { id: string; kind: OperationKind; fence: number } | null;
  /** The highest fence given out; a new holder gets one more. */
  lastFence: number;
  /** Counts the homes it has had; a client's lease is for one epoch. */
  epoch: number;
}

/** What a tenant is searched by: derived whenever it is stored, and left out when it is read. */
interface SearchKeys {
  facets: string[];
  /** The rules by which they were derived. */
  facetScheme: string;
}

export type StoredResource = PlanDocument | RegionDocument | (TenantDocument & SearchKeys);
export type ResourceDocument = PlanDocument | RegionDocument | TenantDocument;
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
  generation: number;
  actor: PolicyActor;
  requestId: string;
  correlationId: string;
  fence: number;
  /** Temporal run that holds the fence. */
  runId: string | null;
  steps: Record<StepKey, StepDocument>;
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

export interface IdempotencyDocument {
  _id: { principal: string; key: string };
  /** Digest of method, path and body. */
  fingerprint: string;
  /** Of the request that holds the key; a commit under a lost claim is refused. */
  claim: string;
  claimUntil: Date;
  answer: StoredAnswer | null;
  /** Read by the TTL index. */
  expireTime: Date;
}

export interface StoredAnswer {
  status: number;
  headers: Record<string, string>;
  /** JSON text, byte for byte. */
  body: string;
}

/** What the workers last saw of a cell; an observation, not a decision. */
export interface CellDocument {
  _id: string;
  reachable: boolean;
  checkTime: Date;
  error?: string;
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
