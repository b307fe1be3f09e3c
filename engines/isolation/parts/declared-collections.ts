import type { CollectionInfo, Document, IndexDescriptionInfo } from 'mongodb';
import { idIndexName, nameOnCell } from '../../../contracts/manifests/index-spec.ts';
import type { IndexSpec } from '../../../contracts/manifests/index-spec.ts';
import type { CollectionSpec } from '../../../contracts/manifests/tenant.ts';
import type { HomeNamespace } from '../../../domain/home-layout.ts';
import { declaredCollections } from '../../../domain/isolation.ts';
import { TenureError } from '../../../domain/tenure-error.ts';
import { listOnCell } from '../cell-commands.ts';
import { serverCode, serverCodes } from '../cell-errors.ts';
import type { Home } from '../home.ts';
import type { Observation } from '../home-step.ts';
import { digestAsRead } from './digest-as-read.ts';
import { standInName } from './index-changes.ts';
import type { FoundIndexes } from './index-changes.ts';
import { indexIsAsDeclared } from './indexes.ts';

/** A declared collection and what exists there. */
export interface FoundCollection extends FoundIndexes {
  readonly namespace: HomeNamespace;
  readonly info: CollectionInfo | undefined;
}

/** The indexes that a collection should have, and those that it should not. */
export interface WantedIndexes {
  readonly declared: readonly IndexSpec[];
  /** Names of indexes that the plane created and that must be removed. */
  readonly retired: ReadonlySet<string>;
}

/** The validation options of a collection, for `create` and `collMod`. */
export function validationOf({ jsonSchema, validationLevel = 'strict', validationAction = 'error' }: CollectionSpec): {
  readonly validator: Document;
  readonly validationLevel: string;
  readonly validationAction: string;
} {
  return { validator: jsonSchema === undefined ? {} : { $jsonSchema: jsonSchema }, validationLevel, validationAction };
}

export function validatorIsAsDeclared(declared: CollectionSpec, info: CollectionInfo): boolean {
  const { validator = {}, validationLevel = 'strict', validationAction = 'error' } = info.options as Document;
  return digestAsRead({ validator, validationLevel, validationAction }) === digestAsRead(validationOf(declared));
}

const knownOptions = new Set(['validator', 'validationLevel', 'validationAction']);

/**
 * Traits that the plane never creates: a view, a capped or time series collection, or any option other than the
 * validator.
 */
export function foreignTraits(info: CollectionInfo): string | undefined {
  const extra = Object.keys(info.options ?? {}).filter((option) => !knownOptions.has(option));
  if (info.type === 'collection' && extra.length === 0) return undefined;
  return `${info.type ?? 'collection'}${extra.length === 0 ? '' : ` with ${extra.join(', ')}`}`;
}

/** What exists under the names of these collections, by namespace. */
export async function listCollections(
  home: Home,
  namespaces: readonly HomeNamespace[],
): Promise<Map<HomeNamespace, CollectionInfo>> {
  const found = new Map<HomeNamespace, CollectionInfo>();
  for (const [database, inDatabase] of Map.groupBy(namespaces, (namespace) => namespace.database)) {
    const infos = await listOnCell<CollectionInfo>(home, database, {
      listCollections: 1,
      filter: { name: { $in: inDatabase.map(({ name }) => name) } },
    });
    for (const info of infos) {
      const namespace = inDatabase.find(({ name }) => name === info.name);
      if (namespace !== undefined) found.set(namespace, info);
    }
  }
  return found;
}

/** mongod lists an index as soon as it begins to build it. */
interface ListedBuild {
  readonly buildUUID: unknown;
  readonly spec: IndexDescriptionInfo;
}

async function listIndexes(home: Home, { database, name }: HomeNamespace): Promise<FoundIndexes> {
  try {
    const listed = await listOnCell<IndexDescriptionInfo | ListedBuild>(home, database, {
      listIndexes: name,
      includeBuildUUIDs: true,
    });
    const builds = listed.filter((entry): entry is ListedBuild => 'buildUUID' in entry);
    return {
      indexes: listed.map((entry) => ('buildUUID' in entry ? entry.spec : entry)),
      unfinished: new Set(builds.map(({ spec }) => spec.name ?? '')),
    };
  } catch (error) {
    if (serverCode(error) === serverCodes.namespaceNotFound) return noIndexes;
    throw error;
  }
}

const noIndexes: FoundIndexes = { indexes: [], unfinished: new Set() };

/** @throws TenureError owned_by_another if a declared name is used by something that the plane does not create */
export async function observeCollections(home: Home): Promise<FoundCollection[]> {
  const infos = await listCollections(home, home.layout.namespaces);
  for (const [{ database, name }, info] of infos) {
    const traits = foreignTraits(info);
    if (traits !== undefined)
      throw new TenureError(
        'owned_by_another',
        `"${database}.${name}" exists as a ${traits}, which this plane does not create`,
      );
  }
  const found: FoundCollection[] = [];
  for (const namespace of home.layout.namespaces) {
    const info = infos.get(namespace);
    found.push({ namespace, info, ...(info === undefined ? noIndexes : await listIndexes(home, namespace)) });
  }
  return found;
}

/**
 * The indexes that a collection should have in this form of its home. The retired ones were created by the plane: they
 * are declared but the home has no secondary indexes, or they were declared before the running operation and no longer
 * are.
 */
export function wantedIndexes(
  { form, before }: Pick<Home, 'form' | 'before'>,
  collection: CollectionSpec,
): WantedIndexes {
  const declared = form.secondaryIndexes ? collection.indexes : [];
  const declaredBefore =
    before === undefined
      ? []
      : (declaredCollections(before.spec).find(({ name }) => name === collection.name)?.indexes ?? []);
  const kept = new Set([idIndexName, ...declared.map(nameOnCell)]);
  const created = [...collection.indexes, ...declaredBefore];
  return {
    declared,
    retired: new Set([...created.map(nameOnCell), ...created.map(standInName)].filter((name) => !kept.has(name))),
  };
}

function judgeCollection(
  home: Home,
  { namespace: { declared: collection }, info, indexes, unfinished }: FoundCollection,
): Observation {
  if (info === undefined) return 'absent';
  const { declared, retired } = wantedIndexes(home, collection);
  if (!validatorIsAsDeclared(collection, info) || indexes.some(({ name = '' }) => retired.has(name))) return 'wrong';
  const pairs = declared.map((index) => ({ index, found: indexes.find(({ name }) => name === nameOnCell(index)) }));
  if (pairs.some(({ index, found }) => found !== undefined && !indexIsAsDeclared(index, found))) return 'wrong';
  return pairs.some(({ index, found }) => found === undefined || unfinished.has(nameOnCell(index)))
    ? 'partial'
    : 'present';
}

export function judgeCollections(home: Home, found: readonly FoundCollection[]): Observation {
  const states = new Set(found.map((collection) => judgeCollection(home, collection)));
  if (states.has('wrong')) return 'wrong';
  const [state] = states;
  return states.size === 1 && state !== undefined ? state : 'partial';
}
