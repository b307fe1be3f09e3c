import type { Document } from 'mongodb';
import { listOnCell, writeOnCell } from '../cell-commands.ts';
import { serverCodes } from '../cell-errors.ts';
import type { Home } from '../home.ts';
import { footholds } from '../probe/boundary-attempts.ts';
import { assignPath } from './fit-command.ts';

/**
 * The attempts that may have left something behind. What an attempt creates has a name that ends in the attempt's id,
 * which begins with the verification's id.
 */
export interface Leftovers {
  /** Covers all earlier attempts at this verification. */
  readonly verification: string;
  /** Covers every verification older than this id: ids ascend with time, and no verification runs that long. */
  readonly olderThan: string;
}

/** A filter for what such attempts created, with names that begin with `prefix`. */
export function leftBehind(field: string, prefix: string, { verification, olderThan }: Leftovers): Document {
  // "{" follows "z", the highest character in an id.
  return {
    $or: [
      { [field]: { $gte: `${prefix}${verification}`, $lt: `${prefix}${verification}{` } },
      { [field]: { $gte: prefix, $lt: `${prefix}${olderThan}` } },
    ],
  };
}

const prefix = 'tenure_canary_';

/** A canary document. Its value cannot be guessed, and nothing else contains it. */
export interface Canary {
  readonly _id: string;
  readonly canary: string;
}

/** A document that fits unique indexes: mongod treats a missing field as null, and only one document may have null. */
function documentFor({ declared }: Home['layout']['namespaces'][number], { _id, canary }: Canary): Document {
  const document: Document = { _id, canary };
  for (const { keys, unique } of declared.indexes) {
    if (unique !== true) continue;
    for (const { field, order } of keys) if (order !== '2dsphere') assignPath(document, field.split('.'), canary);
  }
  return document;
}

/**
 * Plants one canary in each database of a tenant, in one of its own collections. The tenant can see it while it exists.
 */
export async function plantCanaries(home: Home, attempt: string, canary: string): Promise<Canary> {
  const planted: Canary = { _id: `${prefix}${attempt}`, canary };
  for (const namespace of footholds(home)) {
    await writeOnCell(home, namespace.database, {
      insert: namespace.name,
      documents: [documentFor(namespace, planted)],
      bypassDocumentValidation: true,
    });
  }
  return planted;
}

const namespaceNotFound: ReadonlySet<number> = new Set([serverCodes.namespaceNotFound]);

/** Removes the canaries of this attempt. */
export async function removeCanaries(home: Home, { _id }: Canary): Promise<void> {
  for (const { database, name } of footholds(home))
    await writeOnCell(home, database, { delete: name, deletes: [{ q: { _id }, limit: 1 }] }, namespaceNotFound);
}

/** Removes what earlier attempts left, also from a collection that is no longer the first. */
export async function removeOldCanaries(home: Home, leftovers: Leftovers): Promise<void> {
  for (const { database, name } of home.layout.namespaces)
    await writeOnCell(
      home,
      database,
      { delete: name, deletes: [{ q: leftBehind('_id', prefix, leftovers), limit: 0 }] },
      namespaceNotFound,
    );
}

/** Whether the canary still exists unchanged everywhere it was planted. */
export async function isIntact(home: Home, { _id, canary }: Canary): Promise<boolean> {
  const found = await findCanary(home, { _id, canary });
  return found.length === footholds(home).length && found.every((document) => document['canary'] === canary);
}

/** The canary documents that the plane finds. */
export async function findCanary(home: Home, { _id }: Canary): Promise<Document[]> {
  const found: Document[] = [];
  for (const { database, name } of footholds(home)) {
    found.push(
      ...(
        await listOnCell<Document>(home, database, { find: name, filter: { _id }, readConcern: { level: 'majority' } })
      ).map((document) => ({ ...document, database, name })),
    );
  }
  return found;
}
