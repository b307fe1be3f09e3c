import { BSON, MongoServerError } from 'mongodb';
import type { ChangeStream, ChangeStreamDocument, Document, ResumeToken } from 'mongodb';
import { facetsOf } from '../domain/tenant-facets.ts';
import { TenureError } from '../domain/tenure-error.ts';
import type { ControlDatabase } from './control-database.ts';
import { onControl } from './control-errors.ts';
import type { OperationDocument, StoredResource, TenantDocument } from './documents.ts';
import { upgradeOnRead } from './storage-versions.ts';

/**
 * A place in the order of all changes. Places compare as strings do: they are the hexadecimal form of MongoDB's resume tokens,
 * whose manual promises that.
 */
export type Position = string;

/** Something that has changed, as it stands now or as it stood then: the last change of a thing says how it is. */
export type Change = {
  readonly position: Position;
  /** How large it is in the database. */
  readonly bytes: number;
} & (
  | { readonly kind: 'tenant'; readonly tenant: TenantDocument; readonly facets: ReadonlySet<string> }
  | { readonly kind: 'tenantGone'; readonly uid: string }
  | { readonly kind: 'operation'; readonly operation: OperationDocument }
);

/** Changes of tenants and operations, in the order in which a majority has them. */
export interface ChangeFeed {
  /** Everything after this comes. */
  readonly start: Position;
  /** The next change, or after a moment of none how far was looked. Whoever finds it lost opens another. @throws TenureError control_unavailable */
  next(): Promise<{ readonly change?: Change; readonly position: Position }>;
  close(): Promise<void>;
}

/** Follows what happens after a position; from now on where none is given. @throws TenureError watch_expired, control_unavailable */
export type OpenChangeFeed = (after?: Position) => Promise<ChangeFeed>;

const lookForMs = 200;

function positionOf(token: ResumeToken): Position {
  const { _data: data } = token as { readonly _data?: unknown };
  if (typeof data !== 'string') throw new TenureError('internal', 'a change stream gave no resume token');
  return data;
}

function changeOf(event: ChangeStreamDocument): Change | undefined {
  if (!('ns' in event) || !('coll' in event.ns)) return undefined;
  const position = positionOf(event._id);
  const { coll } = event.ns;
  if (event.operationType === 'delete')
    return coll === 'resources'
      ? { kind: 'tenantGone', position, bytes: 0, uid: String(event.documentKey._id) }
      : undefined;
  // What has been removed since is told of by its own event.
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
  // Anew, for an older build may have stored it; once, for however many it is held against.
  return { kind: 'tenant', position, bytes, tenant, facets: new Set(facetsOf(tenant)) };
}

export function createChangeFeed({ db }: Pick<ControlDatabase, 'db'>): OpenChangeFeed {
  return async (after) => {
    const stream: ChangeStream = db.watch([{ $match: { 'ns.coll': { $in: ['resources', 'operations'] } } }], {
      fullDocument: 'updateLookup',
      maxAwaitTimeMS: lookForMs,
      ...(after === undefined ? {} : { resumeAfter: { _data: after } }),
    });
    try {
      // The first call opens it; only then is it known whether all that happened since is there.
      const first = await onControl(() => stream.tryNext());
      let waiting = first ?? undefined;
      return {
        start: after ?? positionOf(first?._id ?? stream.resumeToken),
        async next() {
          const event = waiting ?? (await onControl(() => stream.tryNext()));
          waiting = undefined;
          const change = event === null ? undefined : changeOf(event);
          return {
            position: positionOf(event?._id ?? stream.resumeToken),
            ...(change === undefined ? {} : { change }),
          };
        },
        close: () => stream.close(),
      };
    } catch (error) {
      await stream.close().catch(() => undefined);
      // The oplog no longer reaches back that far (ChangeStreamHistoryLost), or this is no place in it.
      if (after !== undefined && error instanceof MongoServerError)
        throw new TenureError('watch_expired', 'the control database no longer knows what has happened since then', {
          cause: error,
        });
      throw error;
    }
  };
}
