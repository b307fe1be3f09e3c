import { ReadConcern } from 'mongodb';
import { withBoundedReads } from './reading.ts';
import type {
  WebhookAttemptDocument,
  WebhookDeliveryDocument,
  WebhookKeyDocument,
  WebhookProgressDocument,
} from './webhook-documents.ts';
import type { Collection, Db, MongoClient } from 'mongodb';
import type { CellDocument, CellIdentityDocument, CellTablesDocument } from './cell-documents.ts';
import type {
  AccessTurnDocument,
  BackoffDocument,
  BrakeDocument,
  DriftDocument,
  LedgerDocument,
  OperationDocument,
  RevisionDocument,
  RolloutDocument,
  RolloutMemberDocument,
  SecretDocument,
  StandingDocument,
  StoredResource,
  TenantLeaseDocument,
  TombstoneDocument,
  VerificationDocument,
} from './documents.ts';
import type { IdempotencyDocument } from './kept-answers.ts';
import type {
  CheckpointDocument,
  LogHeadDocument,
  LogKeyDocument,
  LogPositionDocument,
  LogTileDocument,
} from './log-documents.ts';

export interface ControlDatabaseNames {
  readonly control: string;
  /** Secrets are in a database of their own, so that a role on the control data gives no access to them. */
  readonly secrets: string;
}

/** The collections of the control plane. Only code in `store/` knows them. */
export interface ControlDatabase {
  readonly client: MongoClient;
  readonly db: Db;
  readonly resources: Collection<StoredResource>;
  readonly revisions: Collection<RevisionDocument>;
  readonly operations: Collection<OperationDocument>;
  readonly ledger: Collection<LedgerDocument>;
  readonly logHead: Collection<LogHeadDocument>;
  readonly logPositions: Collection<LogPositionDocument>;
  readonly logTiles: Collection<LogTileDocument>;
  readonly logCheckpoints: Collection<CheckpointDocument>;
  readonly logKeys: Collection<LogKeyDocument>;
  readonly idempotency: Collection<IdempotencyDocument>;
  readonly cells: Collection<CellDocument>;
  readonly cellIdentities: Collection<CellIdentityDocument>;
  readonly cellTables: Collection<CellTablesDocument>;
  readonly standings: Collection<StandingDocument>;
  readonly leases: Collection<TenantLeaseDocument>;
  readonly accessTurns: Collection<AccessTurnDocument>;
  readonly tombstones: Collection<TombstoneDocument>;
  readonly brakes: Collection<BrakeDocument>;
  readonly backoffs: Collection<BackoffDocument>;
  readonly drift: Collection<DriftDocument>;
  readonly rollouts: Collection<RolloutDocument>;
  readonly rolloutMembers: Collection<RolloutMemberDocument>;
  readonly verifications: Collection<VerificationDocument>;
  readonly secrets: Collection<SecretDocument>;
  readonly webhookProgress: Collection<WebhookProgressDocument>;
  readonly webhookDeliveries: Collection<WebhookDeliveryDocument>;
  readonly webhookAttempts: Collection<WebhookAttemptDocument>;
  /** Among the secrets. */
  readonly webhookKeys: Collection<WebhookKeyDocument>;
}

/** Tenants by facet, and by name within each facet. The key of this index must not change while it has this name. */
export const searchIndex = 'tenant-search';

/** Finds what has ended and still names a person. It is empty, except for documents of an earlier build. */
export const endedActorsIndex = {
  name: 'ended-actors',
  key: { endTime: 1 },
  partialFilterExpression: { 'actor.subject': { $exists: true } },
} as const;

/** How long attempts to deliver an event are kept. */
const attemptRetentionSeconds = 30 * 24 * 60 * 60;

export function controlDatabase(client: MongoClient, names: ControlDatabaseNames): ControlDatabase {
  // Decisions use what a majority has; a write is acknowledged when a majority has it in the journal.
  const db = client.db(names.control, {
    readConcern: new ReadConcern('majority'),
    writeConcern: { w: 'majority', journal: true },
  });
  const secretsDb = client.db(names.secrets, {
    readConcern: new ReadConcern('majority'),
    writeConcern: { w: 'majority', journal: true },
  });
  return {
    client,
    db,
    resources: withBoundedReads(db.collection('resources')),
    revisions: withBoundedReads(db.collection('revisions')),
    operations: withBoundedReads(db.collection('operations')),
    ledger: withBoundedReads(db.collection('ledger')),
    logHead: withBoundedReads(db.collection('log_head')),
    logPositions: withBoundedReads(db.collection('log_positions')),
    logTiles: withBoundedReads(db.collection('log_tiles')),
    logCheckpoints: withBoundedReads(db.collection('log_checkpoints')),
    logKeys: withBoundedReads(db.collection('log_keys')),
    idempotency: withBoundedReads(db.collection('idempotency')),
    cells: withBoundedReads(db.collection('cells')),
    cellIdentities: withBoundedReads(db.collection('cell_identities')),
    cellTables: withBoundedReads(db.collection('cellTables')),
    standings: withBoundedReads(db.collection('standings')),
    leases: withBoundedReads(db.collection('leases')),
    accessTurns: withBoundedReads(db.collection('accessTurns')),
    tombstones: withBoundedReads(db.collection('tombstones')),
    brakes: withBoundedReads(db.collection('brakes')),
    backoffs: withBoundedReads(db.collection('backoffs')),
    drift: withBoundedReads(db.collection('drift')),
    rollouts: withBoundedReads(db.collection('rollouts')),
    rolloutMembers: withBoundedReads(db.collection('rollout_members')),
    verifications: withBoundedReads(db.collection('verifications')),
    secrets: withBoundedReads(secretsDb.collection('secrets')),
    webhookProgress: withBoundedReads(db.collection('webhook_progress')),
    webhookDeliveries: withBoundedReads(db.collection('webhook_deliveries')),
    webhookAttempts: withBoundedReads(db.collection('webhook_attempts')),
    webhookKeys: withBoundedReads(secretsDb.collection('webhook_keys')),
  };
}

/** Creates missing collections and indexes. Several processes can run it at the same time. */
export async function ensureControlSchema(database: ControlDatabase): Promise<void> {
  await Promise.all([
    database.resources.createIndexes([
      { key: { kind: 1, name: 1 }, unique: true },
      {
        name: searchIndex,
        key: { kind: 1, lifecycle: 1, facets: 1, name: 1 },
        partialFilterExpression: { kind: 'Tenant' },
      },
      // Finds tenants that must still be upgraded, without reading the rest.
      { key: { facetScheme: 1 }, partialFilterExpression: { kind: 'Tenant' } },
      { key: { 'placement.cell': 1, _id: 1 }, partialFilterExpression: { kind: 'Tenant' } },
      { key: { 'deletion.purgeTime': 1 }, partialFilterExpression: { 'deletion.purgeTime': { $exists: true } } },
      { key: { 'scheduledPlan.time': 1 }, partialFilterExpression: { 'scheduledPlan.time': { $exists: true } } },
      // A cell is in one region, even if several regions are declared at the same time.
      { key: { 'spec.cells.name': 1 }, unique: true, partialFilterExpression: { kind: 'Region' } },
    ]),
    database.revisions.createIndexes([{ key: { '_id.uid': 1, '_id.generation': -1 } }]),
    database.operations.createIndexes([
      { key: { unfinished: 1, updateTime: 1 }, sparse: true },
      { key: { 'tenant.uid': 1, _id: -1 } },
      { key: { state: 1, _id: -1 } },
      { key: { 'tenant.uid': 1, state: 1, _id: -1 } },
      { key: { requestId: 1 } },
      endedActorsIndex,
    ]),
    database.ledger.createIndexes([
      { key: { tenant: 1, _id: 1 } },
      { key: { operationId: 1 }, sparse: true },
      { key: { requestId: 1 } },
      // For searching, newest first.
      { key: { correlationId: 1, _id: -1 } },
      { key: { 'openings.value': 1, _id: -1 } },
      { key: { action: 1, _id: -1 } },
      { key: { target: 1, _id: -1 } },
      { key: { outcome: 1, _id: -1 }, partialFilterExpression: { outcome: 'denied' } },
    ]),
    database.logPositions.createIndexes([
      { key: { entry: 1 }, unique: true },
      { key: { tenant: 1, sequence: -1 }, unique: true },
      // Reads the log of some tenants in the order of the whole log.
      { key: { tenant: 1, _id: 1 } },
    ]),
    database.idempotency.createIndexes([{ key: { expireTime: 1 }, expireAfterSeconds: 0 }]),
    database.leases.createIndexes([
      { key: { expireTime: 1 }, expireAfterSeconds: 0 },
      { key: { tenant: 1, until: 1 } },
    ]),
    database.cellIdentities.createIndexes([{ key: { identity: 1 }, unique: true }]),
    database.secrets.createIndexes([{ key: { tenant: 1 } }]),
    // Creating a collection inside a transaction is slow, so create those without their own index now.
    ...[
      'cells',
      'cellTables',
      'standings',
      'accessTurns',
      'brakes',
      'drift',
      'log_head',
      'log_tiles',
      'webhook_progress',
    ].map((name) => database.db.createCollection(name).catch(ignoreExisting)),
    database.rollouts.createIndexes([
      { key: { 'template.uid': 1 }, unique: true, partialFilterExpression: { active: true } },
      { key: { 'template.uid': 1, _id: -1 } },
      { key: { unsettled: 1 }, sparse: true },
      endedActorsIndex,
    ]),
    database.rolloutMembers.createIndexes([{ key: { '_id.rollout': 1, state: 1, name: 1 } }]),
    database.backoffs.createIndexes([{ key: { work: 1, until: 1 } }]),
    database.verifications.createIndexes([
      { key: { 'tenants.uid': 1, updateTime: -1 } },
      { key: { 'running.startTime': 1 }, partialFilterExpression: { 'running.startTime': { $exists: true } } },
    ]),
    database.tombstones.createIndexes([{ key: { name: 1, _id: -1 } }]),
    database.webhookDeliveries.createIndexes([
      { key: { '_id.endpoint': 1, '_id.event': 1 } },
      { key: { '_id.endpoint': 1, state: 1, nextTime: 1 } },
      // Finds the next event of a tenant whose events are sent in order.
      { key: { '_id.endpoint': 1, tenant: 1, index: 1 } },
    ]),
    database.webhookAttempts.createIndexes([
      { key: { endpoint: 1, _id: -1 } },
      { key: { endpoint: 1, event: 1, _id: -1 } },
      { key: { time: 1 }, expireAfterSeconds: attemptRetentionSeconds },
    ]),
    database.webhookKeys.createIndexes([{ key: { endpoint: 1, _id: -1 } }]),
  ]);
}

function ignoreExisting(error: unknown): void {
  const namespaceExists = 48;
  if (typeof error === 'object' && error !== null && 'code' in error && error.code === namespaceExists) return;
  throw error;
}
