import type { MongoClient } from 'mongodb';
import { TenureError } from '../domain/tenure-error.ts';
import { withinMs } from '../platform/deadline.ts';
import { endAbandonedTransactions } from './abandoned-transactions.ts';
import { createBackoffStore } from './backoffs.ts';
import type { BackoffStore } from './backoffs.ts';
import { createDriftStore } from './drift.ts';
import type { DriftStore } from './drift.ts';
import { createBrakeStore } from './brakes.ts';
import type { BrakeStore } from './brakes.ts';
import { recountCellTables } from './cell-tables.ts';
import { createCellIdentityStore } from './cell-identities.ts';
import type { CellIdentityStore } from './cell-identities.ts';
import { createLoggedEntryStore } from './logged-entries.ts';
import type { LoggedEntryStore } from './logged-entries.ts';
import { createSequencingLag } from './sequencing-lag.ts';
import type { SequencingLag } from './sequencing-lag.ts';
import { createCheckpointStore } from './checkpoints.ts';
import type { CheckpointStore } from './checkpoints.ts';
import { createCellStore } from './cells.ts';
import type { CellStore } from './cells.ts';
import { createChangeFeed } from './change-feed.ts';
import type { OpenChangeFeed } from './change-feed.ts';
import { followEndedOperations } from './ended-operations.ts';
import type { FollowEndedOperations } from './ended-operations.ts';
import { createCommit } from './commit.ts';
import type { Commit } from './commit.ts';
import { createControlClock } from './control-clock.ts';
import type { ControlClock } from './control-clock.ts';
import { controlDatabase, ensureControlSchema } from './control-database.ts';
import type { ControlDatabaseNames } from './control-database.ts';
import { onControl } from './control-errors.ts';
import { createIdempotencyStore } from './idempotency.ts';
import type { IdempotencyStore } from './idempotency.ts';
import { createCommittedEntries } from './committed-entries.ts';
import type { CommittedEntryStore } from './committed-entries.ts';
import { createLedgerStore } from './ledger.ts';
import type { LedgerStore } from './ledger.ts';
import { createAuditStore } from './audit.ts';
import type { AuditStore } from './audit.ts';
import { createEventStore } from './events.ts';
import type { EventStore } from './events.ts';
import { createLogStore } from './log.ts';
import type { LogStore } from './log.ts';
import { createOperationStore } from './operations.ts';
import type { OperationStore } from './operations.ts';
import { clearEndedActors } from './personal-values.ts';
import { createRefusals } from './refusals.ts';
import type { Refusals } from './refusals.ts';
import { createResourceStore } from './resources.ts';
import { createResourceUses } from './resource-uses.ts';
import type { ResourceUses } from './resource-uses.ts';
import type { ResourceStore } from './resources.ts';
import { createRevisionStore } from './revisions.ts';
import type { RevisionStore } from './revisions.ts';
import { createRolloutStore } from './rollouts.ts';
import type { RolloutStore } from './rollouts.ts';
import { createSecretStore } from './secrets.ts';
import type { SecretStore } from './secrets.ts';
import { createStepLeases } from './step-leases.ts';
import type { StepLeases } from './step-leases.ts';
import { createTombstoneStore } from './tombstones.ts';
import type { TombstoneStore } from './tombstones.ts';
import { createTenantSearch } from './tenant-search.ts';
import type { TenantSearch } from './tenant-search.ts';
import { deriveMissingSearchKeys } from './tenant-search-keys.ts';
import { createTenantLeaseStore } from './tenant-leases.ts';
import type { TenantLeaseStore } from './tenant-leases.ts';
import { createUlidFactory } from './ulid.ts';
import { createVerificationStore } from './verifications.ts';
import { createWebhookDeliveryStore } from './webhook-deliveries.ts';
import type { WebhookDeliveryStore } from './webhook-deliveries.ts';
import { createWebhookKeyStore } from './webhook-keys.ts';
import type { WebhookKeyStore } from './webhook-keys.ts';
import { createRecordTurn } from './webhook-turns.ts';
import type { RecordTurn } from './webhook-turns.ts';
import { createWebhookProgressStore } from './webhook-progress.ts';
import type { WebhookProgressStore } from './webhook-progress.ts';
import type { VerificationStore } from './verifications.ts';

/** The control data. Every change goes through {@link Store.commit}. */
export interface Store {
  readonly commit: Commit;
  /**
   * Like `commit`, but rolls everything back at the end, so nobody else ever sees it. Returns the result that a commit
   * would have.
   */
  readonly rehearse: Commit;
  readonly resources: ResourceStore;
  readonly resourceUses: ResourceUses;
  readonly tenantSearch: TenantSearch;
  readonly revisions: RevisionStore;
  readonly operations: OperationStore;
  readonly stepLeases: StepLeases;
  readonly secrets: SecretStore;
  readonly idempotency: IdempotencyStore;
  readonly tenantLeases: TenantLeaseStore;
  readonly cells: CellStore;
  readonly cellIdentities: CellIdentityStore;
  readonly tombstones: TombstoneStore;
  readonly brakes: BrakeStore;
  readonly backoffs: BackoffStore;
  readonly drift: DriftStore;
  readonly rollouts: RolloutStore;
  readonly verifications: VerificationStore;
  readonly ledger: LedgerStore;
  readonly committedEntries: CommittedEntryStore;
  readonly log: LogStore;
  readonly checkpoints: CheckpointStore;
  readonly sequencingLag: SequencingLag;
  readonly loggedEntries: LoggedEntryStore;
  readonly events: EventStore;
  readonly audit: AuditStore;
  readonly webhookProgress: WebhookProgressStore;
  readonly webhookDeliveries: WebhookDeliveryStore;
  readonly webhookKeys: WebhookKeyStore;
  readonly recordWebhookTurn: RecordTurn;
  readonly refusals: Refusals;
  readonly openChangeFeed: OpenChangeFeed;
  readonly followEndedOperations: FollowEndedOperations;
  /** A new id; ascending within the process, never issued twice. */
  readonly newId: () => string;
  readonly clock: ControlClock;
  /**
   * Connects, creates missing collections and indexes, updates the search keys of tenants and the reserved tables of
   * cells, and removes personal values that are no longer needed.
   */
  prepare(): Promise<void>;
  /** Ends transactions of plane processes that were killed or suspended; returns how many. */
  endAbandonedTransactions(): Promise<number>;
  /** Resolves when this store is prepared and the control database answers. @throws TenureError control_unavailable */
  ping(): Promise<void>;
}

export interface StoreOptions {
  readonly client: MongoClient;
  readonly names: ControlDatabaseNames;
  /** Name of this installation; it is in every entry. */
  readonly installation: string;
}

const pingTimeoutMs = 2_000;

export function createStore({ client, names, installation }: StoreOptions): Store {
  const database = controlDatabase(client, names);
  const clock = createControlClock(client);
  const newId = createUlidFactory(() => clock.now().getTime());
  const tenantSearch = createTenantSearch(database);
  const resourceUses = createResourceUses(database);
  const log = createLogStore(database);
  let prepared = false;

  /** Before that, a search would miss tenants. */
  function requirePrepared(): void {
    if (!prepared) throw new TenureError('control_unavailable', 'the control database is not prepared yet');
  }

  const commit = createCommit({ database, clock, installation, newId, end: 'commit' });
  return {
    commit,
    refusals: createRefusals({ commit }),
    rehearse: createCommit({ database, clock, installation, newId, end: 'abort' }),
    resources: createResourceStore(database, { uses: resourceUses, clock }),
    resourceUses,
    tenantSearch: {
      async scan(filter, page) {
        requirePrepared();
        return await tenantSearch.scan(filter, page);
      },
      async search(filter, page) {
        requirePrepared();
        return await tenantSearch.search(filter, page);
      },
      async count(filter) {
        requirePrepared();
        return await tenantSearch.count(filter);
      },
    },
    revisions: createRevisionStore(database),
    operations: createOperationStore(database),
    stepLeases: createStepLeases(database),
    secrets: createSecretStore(database),
    idempotency: createIdempotencyStore(database, clock),
    tenantLeases: createTenantLeaseStore(database, clock),
    cells: createCellStore(database),
    cellIdentities: createCellIdentityStore(database),
    tombstones: createTombstoneStore(database),
    brakes: createBrakeStore(database),
    backoffs: createBackoffStore(database, clock),
    drift: createDriftStore(database, clock),
    rollouts: createRolloutStore(database, clock),
    verifications: createVerificationStore(database, clock),
    ledger: createLedgerStore(database),
    committedEntries: createCommittedEntries(database, clock),
    log,
    checkpoints: createCheckpointStore(database, clock),
    sequencingLag: createSequencingLag(database, log, clock),
    loggedEntries: createLoggedEntryStore(database),
    events: createEventStore(database, log),
    audit: createAuditStore(database),
    webhookProgress: createWebhookProgressStore(database, clock),
    webhookDeliveries: createWebhookDeliveryStore(database, clock),
    webhookKeys: createWebhookKeyStore(database, clock),
    recordWebhookTurn: createRecordTurn(database, clock),
    openChangeFeed: createChangeFeed(database),
    followEndedOperations: followEndedOperations(database),
    newId,
    clock,
    endAbandonedTransactions: () => endAbandonedTransactions(client),
    async prepare() {
      await onControl(async () => {
        // If its first connection fails, the driver keeps the closed topology, and every later call fails on it; only
        // this call creates a new one.
        await client.connect();
        await clock.measure();
        await ensureControlSchema(database);
        await deriveMissingSearchKeys(database);
        await recountCellTables(database);
        await clearEndedActors(database);
      });
      prepared = true;
    },
    async ping() {
      requirePrepared();
      const timeoutError = (): TenureError =>
        new TenureError('control_unavailable', 'the control database does not answer');
      await withinMs(
        pingTimeoutMs,
        onControl(() => database.db.command({ ping: 1 })),
        timeoutError,
      );
    },
  };
}
