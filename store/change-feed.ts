import { BSON, MongoServerError } from 'mongodb';
import type { ChangeStreamDocument, Document } from 'mongodb';
import { facetsOf } from '../domain/tenant-facets.ts';
import { TenureError } from '../domain/tenure-error.ts';
import type { ControlDatabase } from './control-database.ts';
import type { OperationDocument, StoredResource, TenantDocument } from './documents.ts';
import { openStream, positionOf, resumingAfter } from './open-stream.ts';
import type { Position } from './open-stream.ts';
import { upgradeOnRead } from './storage-versions.ts';

/**
 * Something that has changed, in its current state or in its state at that time. The last change of a thing has its
 * latest state.
 */
export type Change = {
  readonly position: Position;
  /** Its size in the database. */
  readonly bytes: number;
} & (
  | { readonly kind: 'tenant'; readonly tenant: TenantDocument; readonly facets: ReadonlySet<string> }
  | { readonly kind: 'tenantGone'; readonly uid: string }
  | { readonly kind: 'operation'; readonly operation: OperationDocument }
);

/** Changes of tenants and operations, in the order in which a majority of the replica set has them. */
export interface ChangeFeed {
  /** The feed returns every change after this position. */
  readonly start: Position;
  /**
   * Returns the next change or, if there is none for a moment, the position up to which there is none. After a failure,
   * open another feed.
   * @throws TenureError control_unavailable
   */
  next(): Promise<{ readonly change?: Change; readonly position: Position }>;
  close(): Promise<void>;
}

/**
 * Follows the changes after a position, or from now on if there is none.
 * @throws TenureError watch_expired, control_unavailable
 */
export type OpenChangeFeed = (after?: Position) => Promise<ChangeFeed>;

const maxAwaitMs = 200;

function changeOf(event: ChangeStreamDocument): Change | undefined {
  if (!('ns' in event) || !('coll' in event.ns)) return undefined;
  const position = positionOf(event._id);
  const { coll } = event.ns;
  if (event.operationType === 'delete')
    return coll === 'resources'
      ? { kind: 'tenantGone', position, bytes: 0, uid: String(event.documentKey._id) }
      : undefined;
  // A document that was removed since then has an event of its own.
  const document: Document | null | undefined = 'fullDocument' in event ? event.fullDocument : undefined;
  if (document == null) return undefined;
  const bytes = BSON.calculateObjectSize(document);
  if (coll === 'operations')
    return { kind: 'operation', position, bytes, operation: upgradeOnRead(document as OperationDocument) };
  const {
    facets: _facets,
    facetScheme: _scheme,
    ...resource
  } = document as StoredResource & { facets?: unknown; facetScheme?: unknown };
  if (resource.kind !== 'Tenant') return undefined;
  const tenant = upgradeOnRead(resource);
  // Derived again, because an older build may have stored it; only once, however many filters it is matched with.
  return { kind: 'tenant', position, bytes, tenant, facets: new Set(facetsOf(tenant)) };
}

export function createChangeFeed({ db }: Pick<ControlDatabase, 'db'>): OpenChangeFeed {
  return async (after) => {
    const changes = db.watch([{ $match: { 'ns.coll': { $in: ['resources', 'operations'] } } }], {
      fullDocument: 'updateLookup',
      maxAwaitTimeMS: maxAwaitMs,
      ...resumingAfter(after),
    });
    try {
      // Only an open stream knows whether all changes since the position are available.
      const stream = await openStream<ChangeStreamDocument>(changes);
      return {
        start: after ?? stream.start,
        async next() {
          const { event, position } = await stream.next();
          const change = event === undefined ? undefined : changeOf(event);
          return { position, ...(change === undefined ? {} : { change }) };
        },
        close: () => stream.close(),
      };
    } catch (error) {
      // The oplog does not go back that far (ChangeStreamHistoryLost), or the position is not valid.
      if (after !== undefined && error instanceof MongoServerError)
        throw new TenureError('watch_expired', 'the control database no longer has the changes since that position', {
          cause: error,
        });
      throw error;
    }
  };
}
