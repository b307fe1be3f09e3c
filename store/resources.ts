import type { Filter, FindOptions } from 'mongodb';
import { canonicalDigest } from '../contracts/canonical-json.ts';
import type { StateReference } from '../contracts/ledger-entry.ts';
import type { ResourceKind } from '../contracts/manifests/manifest.ts';
import { TenureError } from '../domain/tenure-error.ts';
import { createCellTables } from './cell-tables.ts';
import type { TablesOf } from './cell-tables.ts';
import type { Transaction } from './commit.ts';
import type { ControlClock } from './control-clock.ts';
import type { ControlDatabase } from './control-database.ts';
import { isDuplicateKey, onControl } from './control-errors.ts';
import { storageVersion } from './documents.ts';
import type { CatalogDocument, DocumentOfKind, ResourceDocument, StoredResource, TenantDocument } from './documents.ts';
import { withTexts } from './free-json.ts';
import { mapSized, readSized, readWithin } from './reading.ts';
import type { Sized } from './reading.ts';
import type { ResourceUses } from './resource-uses.ts';
import { upgradeOnRead } from './storage-versions.ts';
import { withSearchKeys, withoutSearchKeys } from './tenant-search-keys.ts';

/** Kinds that have no operations. */
const catalogKinds = ['Plan', 'Region', 'TenantTemplate', 'WebhookEndpoint'] as const satisfies readonly ResourceKind[];

/** The maximum number of regions that a decision reads. */
const maxRegions = 1_000;

/** What a declaration writes: all of it replaces the previous values. */
export interface Declaration<Spec> {
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
  readonly spec: Spec;
}

export interface ListPage {
  /** Names after this one. */
  readonly after?: string;
  readonly limit: number;
}

/** How a replacement is recorded. By default, the first entry of the commit reports all of it. */
export interface ChangeEntry<Document> {
  /** Position of the entry that reports the change to the document. */
  readonly entry: number;
  /**
   * A state in between, which the first entry reports. It gets its revision but is never stored, so nobody that watches
   * the resource sees it.
   */
  readonly through: Document;
}

export interface ResourceStore {
  find<Kind extends ResourceKind>(kind: Kind, name: string): Promise<DocumentOfKind<Kind> | undefined>;
  findByUid<Kind extends ResourceKind>(kind: Kind, uid: string): Promise<DocumentOfKind<Kind> | undefined>;
  /** Reads it as the transaction sees it. If another transaction changes it, the commit starts again. */
  read<Kind extends ResourceKind>(tx: Transaction, kind: Kind, uid: string): Promise<DocumentOfKind<Kind> | undefined>;
  /** By name, ascending. */
  scan<Kind extends ResourceKind>(kind: Kind, page: ListPage): AsyncIterable<Sized<DocumentOfKind<Kind>>>;
  /** The same, collected into an array; for kinds with few resources. */
  list<Kind extends ResourceKind>(kind: Kind, page: ListPage): Promise<DocumentOfKind<Kind>[]>;
  /** What a decision on a tenant depends on besides the tenant: the plan of this name, and all regions by name. */
  planAndRegions(plan: string): Promise<{
    readonly plan: DocumentOfKind<'Plan'> | undefined;
    readonly regions: readonly DocumentOfKind<'Region'>[];
  }>;
  /** Names of resources of a kind, ascending. */
  names(kind: ResourceKind, limit: number): Promise<string[]>;
  /**
   * Names of tenants that are placed on one of these cells, at most `limit`. Until the commit, no tenant can be placed
   * there.
   */
  placedOn(tx: Transaction, cells: readonly string[], limit: number): Promise<string[]>;
  /** @throws TenureError already_exists, also when a region names a cell of another region */
  insert<Document extends ResourceDocument>(tx: Transaction, document: Document): Promise<Document>;
  /**
   * Replaces the document at `expectedRevision`, and writes a revision if the generation has changed.
   * @throws TenureError revision_stale, when it has changed since it was read; already_exists as for insert
   */
  replace<Document extends ResourceDocument>(
    tx: Transaction,
    expectedRevision: number,
    document: Document,
    change?: ChangeEntry<Document>,
  ): Promise<Document>;
  /**
   * Removes a tenant from the registry, so that its name is free. Its revisions stay.
   * @throws TenureError revision_stale
   */
  remove(tx: Transaction, tenant: TenantDocument): Promise<void>;
  /**
   * Removes a resource of a kind without operations from the registry, so that its name is free and nothing can begin
   * to use it. Its revisions stay.
   * @throws TenureError revision_stale
   */
  removeCatalogResource(tx: Transaction, document: CatalogDocument): Promise<void>;
  /** Approximate number of tenants; deleted ones count until their purge. */
  estimateTenants(): Promise<number>;
  /**
   * Tenants on the cell without a running operation, sorted by uid, after the given uid: at most `limit`, and no more
   * than one query reads.
   */
  idleOn(
    cell: string,
    after: string | undefined,
    limit: number,
  ): Promise<{ readonly documents: TenantDocument[]; readonly more: boolean }>;
  /**
   * Deleted tenants whose purge is due and that have no running operation, the longest overdue first, without those in
   * `except`.
   */
  duePurges(except: readonly string[], limit: number): Promise<TenantDocument[]>;
  /** Tenants whose scheduled plan is due and that have no running operation, the longest overdue first. */
  duePlans(except: readonly string[], limit: number): Promise<TenantDocument[]>;
}

/** The state of a resource in the form that an entry has. */
export function stateReference(document: ResourceDocument): StateReference {
  return {
    generation: document.generation,
    revision: document.revision,
    ...(document.kind === 'Tenant' ? { lifecycle: document.lifecycle } : {}),
    digest: canonicalDigest(document.spec),
  };
}

/** The error for a unique index violation: the name, or one of a region's cells, is already used. */
function asExisting(error: unknown, { kind, name }: ResourceDocument): unknown {
  if (!isDuplicateKey(error)) return error;
  const isCellConflict = Object.hasOwn((error.keyPattern ?? {}) as object, 'spec.cells.name');
  if (!isCellConflict)
    return new TenureError('already_exists', `a ${kind} named "${name}" already exists`, { cause: error });
  const message = `a cell of ${kind} "${name}" belongs to another region`;
  return new TenureError('already_exists', message, {
    cause: error,
    errors: [{ pointer: '/spec/cells', message, fix: 'Use cells that are not in another region.' }],
  });
}

export function createResourceStore(
  database: Pick<ControlDatabase, 'resources' | 'revisions' | 'cellTables'>,
  { uses, clock }: { readonly uses: ResourceUses; readonly clock: Pick<ControlClock, 'now'> },
): ResourceStore {
  const { resources, revisions } = database;
  const cellTables = createCellTables(database);

  async function insertRevision(tx: Transaction, document: ResourceDocument, entry = 0): Promise<void> {
    const { _id: uid, generation, kind, name, labels, annotations, spec } = document;
    await revisions.insertOne(
      withTexts({
        _id: { uid, generation },
        storageVersion,
        kind,
        name,
        labels,
        annotations,
        spec,
        time: tx.time,
        ledgerEntry: tx.entryId(entry),
      }),
      { session: tx.session },
    );
  }

  async function findOne<Kind extends ResourceKind>(filter: {
    kind: Kind;
    name?: string;
    _id?: string;
  }): Promise<DocumentOfKind<Kind> | undefined> {
    const document = await onControl(() => resources.findOne(filter, { projection: withoutSearchKeys }));
    return document === null ? undefined : upgradeOnRead(document as DocumentOfKind<Kind>);
  }

  const tenants = (filter: Filter<TenantDocument>, options: FindOptions): AsyncIterable<Sized<TenantDocument>> =>
    mapSized(
      readSized(resources, { kind: 'Tenant', ...filter } as Filter<StoredResource>, {
        projection: withoutSearchKeys,
        ...options,
      }),
      (document) => upgradeOnRead(document as TenantDocument),
    );

  async function due(
    field: 'deletion.purgeTime' | 'scheduledPlan.time',
    except: readonly string[],
    limit: number,
  ): Promise<TenantDocument[]> {
    const isDue = { [field]: { $lte: clock.now() }, operation: null, _id: { $nin: [...except] } };
    return (await readWithin(tenants(isDue, { sort: { [field]: 1 }, limit }))).documents;
  }

  function scan<Kind extends ResourceKind>(
    kind: Kind,
    { after, limit }: ListPage,
  ): AsyncIterable<Sized<DocumentOfKind<Kind>>> {
    const stored = readSized(
      resources,
      { kind, ...(after === undefined ? {} : { name: { $gt: after } }) },
      { projection: withoutSearchKeys, sort: { name: 1 }, limit },
    );
    return mapSized(stored, (document) => upgradeOnRead(document as DocumentOfKind<Kind>));
  }

  return {
    find: (kind, name) => findOne({ kind, name }),
    findByUid: (kind, uid) => findOne({ kind, _id: uid }),
    async read<Kind extends ResourceKind>(tx: Transaction, kind: Kind, uid: string) {
      const document = await resources.findOne(
        { kind, _id: uid },
        { session: tx.session, projection: withoutSearchKeys },
      );
      return document === null ? undefined : upgradeOnRead(document as DocumentOfKind<Kind>);
    },
    scan,
    async list(kind, page) {
      return (await readWithin(scan(kind, page), Infinity)).documents;
    },
    async planAndRegions(name) {
      const planOrRegion: Filter<StoredResource> = { $or: [{ kind: 'Plan', name }, { kind: 'Region' }] };
      const found = await onControl(() =>
        resources
          .find(planOrRegion, { projection: withoutSearchKeys, sort: { kind: 1, name: 1 }, limit: maxRegions + 1 })
          .toArray(),
      );
      const read = found.map((document) => upgradeOnRead(document as DocumentOfKind<'Plan' | 'Region'>));
      return {
        plan: read.find((document) => document.kind === 'Plan'),
        regions: read.filter((document) => document.kind === 'Region'),
      };
    },
    async names(kind, limit) {
      const found = await onControl(() =>
        resources
          .find({ kind }, { projection: { _id: 0, name: 1 } })
          .sort({ name: 1 })
          .limit(limit)
          .toArray(),
      );
      return found.map(({ name }) => name);
    },
    async placedOn(tx, cells, limit) {
      await cellTables.hold(tx, cells);
      const found = resources.find(
        { kind: 'Tenant', 'placement.cell': { $in: [...cells] } },
        { session: tx.session, projection: { _id: 0, name: 1 } },
      );
      return (await found.limit(limit).toArray()).map(({ name }) => name);
    },
    async insert(tx, document) {
      await resources
        .insertOne(withTexts(withSearchKeys(document)), { session: tx.session })
        .catch((error: unknown) => {
          throw asExisting(error, document);
        });
      if (document.kind === 'Tenant') await cellTables.count(tx, { after: document });
      await uses.beginOf(tx, document, []);
      await insertRevision(tx, document);
      return document;
    },
    async replace(tx, expectedRevision, document, change) {
      const before = await resources
        .findOneAndReplace({ _id: document._id, revision: expectedRevision }, withTexts(withSearchKeys(document)), {
          session: tx.session,
          projection: { generation: 1, placement: 1, tables: 1, facets: 1 },
        })
        .catch((error: unknown) => {
          throw asExisting(error, document);
        });
      if (before === null) {
        throw new TenureError(
          'revision_stale',
          `${document.kind} "${document.name}" is no longer at revision ${expectedRevision}`,
        );
      }
      if (document.kind === 'Tenant') await cellTables.count(tx, { before: before as TablesOf, after: document });
      await uses.beginOf(tx, document, 'facets' in before ? before.facets : []);
      const through = change?.through.generation ?? before.generation;
      if (change !== undefined && before.generation !== through) await insertRevision(tx, change.through);
      if (through !== document.generation) await insertRevision(tx, document, change?.entry);
      return document;
    },
    async remove(tx, tenant) {
      const { deletedCount } = await resources.deleteOne(
        { _id: tenant._id, revision: tenant.revision },
        { session: tx.session },
      );
      if (deletedCount !== 1)
        throw new TenureError('revision_stale', `Tenant "${tenant.name}" is no longer at revision ${tenant.revision}`);
      await cellTables.count(tx, { before: tenant });
    },
    async removeCatalogResource(tx, document) {
      const { deletedCount } = await resources.deleteOne(
        { _id: document._id, revision: document.revision },
        { session: tx.session },
      );
      if (deletedCount !== 1)
        throw new TenureError(
          'revision_stale',
          `${document.kind} "${document.name}" is no longer at revision ${document.revision}`,
        );
      await uses.end(tx, document);
    },
    // There are few resources of the other kinds; counting all tenants would cost more the more there are.
    async estimateTenants() {
      const [all, others] = await onControl(() =>
        Promise.all([resources.estimatedDocumentCount(), resources.countDocuments({ kind: { $in: catalogKinds } })]),
      );
      return Math.max(0, all - others);
    },
    idleOn: (cell, after, limit) =>
      readWithin(
        tenants(
          { 'placement.cell': cell, operation: null, ...(after === undefined ? {} : { _id: { $gt: after } }) },
          { sort: { _id: 1 }, limit },
        ),
      ),
    duePurges: (except, limit) => due('deletion.purgeTime', except, limit),
    duePlans: (except, limit) => due('scheduledPlan.time', except, limit),
  };
}
