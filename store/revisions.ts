import type { Filter } from 'mongodb';
import type { ControlDatabase } from './control-database.ts';
import { onControl } from './control-errors.ts';
import type { ResourceKind } from '../contracts/manifests/manifest.ts';
import type { RevisionDocument, TenantDocument, TenantTemplateDocument } from './documents.ts';
import { mapSized, readSized, readWithin } from './reading.ts';
import type { Sized } from './reading.ts';
import { upgradeOnRead } from './storage-versions.ts';

export interface TenantRevisionDocument extends RevisionDocument {
  kind: Extract<ResourceKind, 'Tenant'>;
  spec: TenantDocument['spec'];
}

export interface TemplateRevisionDocument extends RevisionDocument {
  kind: Extract<ResourceKind, 'TenantTemplate'>;
  spec: TenantTemplateDocument['spec'];
}

/** The generation to read. */
export type PointInTime = { readonly generation: number } | { readonly time: Date };

/** What the ledger says about the origin of a revision. */
export interface RevisionOrigin {
  readonly action: string;
  /** Absent if it was erased. */
  readonly subject?: string;
  /** The operation that wrote it, or that the same request started. */
  readonly operationId?: string;
}

export interface RevisionPage {
  /** Generations before this one. */
  readonly before?: number;
  readonly limit: number;
}

/** The generations of tenants. A generation never changes. */
export interface RevisionStore {
  /** The generation with that number, or the one that was current at that time. */
  find(uid: string, at: PointInTime): Promise<TenantRevisionDocument | undefined>;
  /** A version of a template. */
  ofTemplate(uid: string, generation: number): Promise<TemplateRevisionDocument | undefined>;
  /** Newest first. */
  scan(uid: string, page: RevisionPage): AsyncIterable<Sized<TenantRevisionDocument>>;
  /** The number of the newest generation. */
  latest(uid: string): Promise<number | undefined>;
  /** The origin of these revisions of one tenant, by generation. */
  origins(
    uid: string,
    revisions: readonly { readonly generation: number; readonly ledgerEntry: string }[],
  ): Promise<Map<number, RevisionOrigin>>;
}

export function createRevisionStore({ revisions, ledger, operations }: ControlDatabase): RevisionStore {
  const newest = (filter: Filter<RevisionDocument>, limit: number): AsyncIterable<Sized<TenantRevisionDocument>> =>
    mapSized(readSized(revisions, filter, { sort: { '_id.uid': -1, '_id.generation': -1 }, limit }), (document) =>
      upgradeOnRead(document as TenantRevisionDocument),
    );

  return {
    async find(uid, at) {
      const point = 'generation' in at ? { '_id.generation': at.generation } : { time: { $lte: at.time } };
      return (await readWithin(newest({ '_id.uid': uid, ...point }, 1))).documents[0];
    },
    async ofTemplate(uid, generation) {
      const document = await onControl(() => revisions.findOne({ _id: { uid, generation }, kind: 'TenantTemplate' }));
      return document === null ? undefined : upgradeOnRead(document as TemplateRevisionDocument);
    },
    async latest(uid) {
      const found = await onControl(() =>
        revisions.findOne(
          { '_id.uid': uid },
          { projection: { _id: 1 }, sort: { '_id.uid': -1, '_id.generation': -1 } },
        ),
      );
      return found?._id.generation;
    },
    scan: (uid, { before, limit }) =>
      newest({ '_id.uid': uid, ...(before === undefined ? {} : { '_id.generation': { $lt: before } }) }, limit),
    async origins(uid, requested) {
      const entries = await onControl(() =>
        ledger
          .find({ _id: { $in: requested.map(({ ledgerEntry }) => ledgerEntry) } }, { projection: { bytes: 0 } })
          .toArray(),
      );
      const requests = entries.filter(({ operationId }) => operationId === null).map(({ requestId }) => requestId);
      const started = await onControl(() =>
        operations
          .find({ 'tenant.uid': uid, requestId: { $in: requests } }, { projection: { requestId: 1 } })
          .toArray(),
      );
      const byRequest = new Map(started.map(({ _id, requestId }) => [requestId, _id]));
      const byEntry = new Map(entries.map((entry) => [entry._id, entry]));
      return new Map(
        requested.flatMap(({ generation, ledgerEntry }): [number, RevisionOrigin][] => {
          const entry = byEntry.get(ledgerEntry);
          if (entry === undefined) return [];
          const subject = entry.openings.find(({ pointer }) => pointer === '/actor/subject')?.value;
          const operationId = entry.operationId ?? byRequest.get(entry.requestId);
          return [
            [
              generation,
              {
                action: entry.action,
                ...(subject === undefined ? {} : { subject }),
                ...(operationId === undefined ? {} : { operationId }),
              },
            ],
          ];
        }),
      );
    },
  };
}
