import type { MongoClient } from 'mongodb';
import { canonicallyEqual } from '../../../contracts/canonical-json.ts';
import { unfitFlaws } from '../../../contracts/manifests/json-schema-flaws.ts';
import type { CollectionSpec, PlacementStatus, TenantSpec } from '../../../contracts/manifests/tenant.ts';
import type { ProblemDetail } from '../../../contracts/problem-document.ts';
import { layoutOf } from '../../../domain/home-layout.ts';
import { jsonPointer } from '../../../domain/json-difference.ts';
import { serverCode, serverCodes } from '../cell-errors.ts';
import { planeDatabase } from '../parts/plane-database.ts';
import { validationOf } from '../parts/declared-collections.ts';
import { indexDefinition } from '../parts/indexes.ts';

/** Cells by name; the names in the order of the cells file. */
export interface RehearsalCells {
  readonly names: readonly string[];
  /** A connected client. Rejects if the cell is not reachable. */
  connected(name: string): Promise<MongoClient>;
}

/** A tenant as it would be after the change. */
export interface RehearsedTenant {
  readonly uid: string;
  readonly spec: TenantSpec;
  /** The current tenant. */
  readonly current: { readonly spec: TenantSpec; readonly placement: PlacementStatus | null } | undefined;
}

/**
 * Returns warnings about what may surprise the author, each with its place in the manifest. It changes nothing and
 * refuses nothing.
 */
export type RehearseSchema = (tenant: RehearsedTenant) => Promise<ProblemDetail[]>;

/** The time for all questions to mongod together. */
const budgetMs = 3_000;
const countedAtMost = 1_000;

interface Changed {
  readonly collection: CollectionSpec;
  readonly path: readonly PropertyKey[];
  readonly needsValidation: boolean;
}

function changedCollections({ spec, current }: RehearsedTenant): Changed[] {
  const before = new Map(
    current?.placement == null
      ? []
      : current.spec.services.flatMap(({ collections }) =>
          collections.map((collection) => [collection.name, collection]),
        ),
  );
  return spec.services.flatMap(({ collections }, service) =>
    collections.flatMap((collection, position): Changed[] => {
      const existing = before.get(collection.name);
      if (canonicallyEqual(existing, collection)) return [];
      const needsValidation =
        existing !== undefined &&
        collection.jsonSchema !== undefined &&
        !canonicallyEqual(validationOf(existing), validationOf(collection));
      return [{ collection, path: ['spec', 'services', service, 'collections', position], needsValidation }];
    }),
  );
}

const warning = (path: readonly PropertyKey[], message: string, fix?: string): ProblemDetail => ({
  pointer: jsonPointer(path),
  message,
  ...(fix === undefined ? {} : { fix }),
});

function refusesWrites({ validationLevel, validationAction }: CollectionSpec): boolean {
  return validationLevel !== 'off' && validationAction !== 'warn';
}

/** Makes mongod create the collection in a transaction, which is then aborted. */
async function refusalOf(
  client: MongoClient,
  { collection, path }: Changed,
  maxTimeMS: () => number,
): Promise<ProblemDetail | undefined> {
  let location = [...path, 'jsonSchema'];
  return client.withSession(async (session) => {
    const db = client.db(planeDatabase);
    const name = `rehearsal_${crypto.randomUUID()}`;
    session.startTransaction({ readConcern: { level: 'local' }, writeConcern: { w: 'majority' } });
    try {
      await db.command({ create: name, ...validationOf(collection), maxTimeMS: maxTimeMS() }, { session });
      for (const [position, index] of collection.indexes.entries()) {
        location = [...path, 'indexes', position];
        await db.command(
          { createIndexes: name, indexes: [indexDefinition(index)], maxTimeMS: maxTimeMS() },
          { session },
        );
      }
      return undefined;
    } catch (error) {
      if (serverCode(error) === undefined || isTimeout(error)) throw error;
      return warning(location, `mongod refuses this: ${error instanceof Error ? error.message : 'without a reason'}`);
    } finally {
      await session.abortTransaction().catch(() => undefined);
    }
  });
}

/** The time is up, or somebody else has a lock that is needed. */
function isTimeout(error: unknown): boolean {
  return serverCode(error) === serverCodes.maxTimeMsExpired || serverCode(error) === serverCodes.lockTimeout;
}

export function createSchemaRehearsal(cells: RehearsalCells): RehearseSchema {
  async function invalidDocuments(
    client: MongoClient,
    { uid, spec }: RehearsedTenant,
    { mode }: PlacementStatus,
    { collection, path }: Changed,
    maxTimeMS: number,
  ): Promise<ProblemDetail | undefined> {
    const namespace = layoutOf({ uid, spec, mode }).namespaces.find(
      ({ declared }) => declared.name === collection.name,
    );
    if (namespace === undefined) return undefined;
    const pipeline = [
      { $match: { $nor: [{ $jsonSchema: collection.jsonSchema }] } },
      { $limit: countedAtMost },
      { $count: 'documents' },
    ];
    const [counted] = await client
      .db(namespace.database)
      .collection(namespace.name)
      .aggregate<{ documents: number }>(pipeline, { maxTimeMS })
      .toArray();
    if (counted === undefined) return undefined;
    const { documents } = counted;
    const many =
      documents === countedAtMost
        ? `at least ${countedAtMost} documents do`
        : documents === 1
          ? '1 document does'
          : `${documents} documents do`;
    return collection.validationLevel === 'moderate'
      ? warning([...path, 'jsonSchema'], `${many} not match; with validationLevel moderate they can still be updated`)
      : warning(
          [...path, 'jsonSchema'],
          `${many} not match, and could not be updated until corrected`,
          'Correct the documents first, or declare validationLevel: moderate.',
        );
  }

  return async (tenant) => {
    const changed = changedCollections(tenant);
    const warnings = changed.flatMap(({ collection, path }) =>
      collection.jsonSchema === undefined || !refusesWrites(collection)
        ? []
        : unfitFlaws(collection.jsonSchema).map((flaw) =>
            warning([...path, 'jsonSchema', ...flaw.path], `${flaw.message}; mongod would refuse every write`),
          ),
    );
    const placement = tenant.current?.placement ?? null;
    const name = placement?.cell ?? cells.names[0];
    if (name === undefined || changed.length === 0) return warnings;
    const deadline = performance.now() + budgetMs;
    const remainingMs = (): number => Math.max(1, Math.ceil(deadline - performance.now()));
    for (const change of changed) {
      try {
        if (remainingMs() === 1) throw new Error('no time is left');
        const client = await cells.connected(name);
        const found =
          (await refusalOf(client, change, remainingMs)) ??
          (placement !== null && change.needsValidation && refusesWrites(change.collection)
            ? await invalidDocuments(client, tenant, placement, change, remainingMs())
            : undefined);
        if (found !== undefined) warnings.push(found);
      } catch {
        warnings.push(
          warning(
            change.path,
            `cell "${name}" did not answer within ${budgetMs / 1000} s: it is unknown whether mongod accepts this and which documents do not match`,
          ),
        );
      }
    }
    return warnings;
  };
}
