import type { Document, IndexDescriptionInfo } from 'mongodb';
import { isText } from '../../../contracts/manifests/index-flaws.ts';
import { idIndexName, nameOnCell } from '../../../contracts/manifests/index-spec.ts';
import type { IndexSpec } from '../../../contracts/manifests/index-spec.ts';
import { alterationOf, indexIsAsDeclared, conflictsWith } from './indexes.ts';

/** No declared or derived name ends like this. */
const standInSuffix = '~new';

export function standInName(index: IndexSpec): string {
  return `${nameOnCell(index)}${standInSuffix}`;
}

/** The declared name of an index or of its stand-in. */
export function declaredName(name: string): string {
  return name.endsWith(standInSuffix) ? name.slice(0, -standInSuffix.length) : name;
}

/**
 * An index of the same documents and keys that mongod can create while another index blocks the declared one: with
 * another name, and with a filter that every document matches.
 */
function standInFor(index: IndexSpec): IndexSpec {
  const { sparse, expireAfterSeconds: _ttl, hidden: _hidden, partialFilterExpression: filter = {}, ...same } = index;
  const all = { _id: { $exists: true } };
  const fields = index.keys.map(({ field }) => ({ [field]: { $exists: true } }));
  const [only = all, ...more] = fields;
  // A filter cannot be combined with sparse, but it can express the same.
  const sparseFilter = more.length === 0 ? only : { $or: fields };
  const partialFilterExpression =
    sparse === true ? sparseFilter : Object.hasOwn(filter, '_id') ? { $and: [filter, all] } : { ...filter, ...all };
  return { ...same, name: standInName(index), partialFilterExpression };
}

/** The changes to the indexes of a collection, in this order. */
export interface IndexChanges {
  /** For `collMod`. */
  readonly alter: readonly Document[];
  /** Dropped before anything is built. */
  readonly dropFirst: readonly string[];
  /**
   * New indexes, and stand-ins for those that another index blocks. If one is refused, all existing indexes are still
   * there.
   */
  readonly build: readonly IndexSpec[];
  /** The blocking indexes. */
  readonly drop: readonly string[];
  readonly buildThen: readonly IndexSpec[];
  /** Indexes that are no longer wanted, including stand-ins. */
  readonly dropLast: readonly string[];
}

/** mongod's limit for a collection, including the index on `_id`. */
const maxIndexes = 64;

export interface FoundIndexes {
  readonly indexes: readonly IndexDescriptionInfo[];
  /** Names of those that mongod is still building. */
  readonly unfinished: ReadonlySet<string>;
}

/**
 * Plans how to bring the indexes to what is declared. A new index is built before the one that it replaces is dropped,
 * so that the collection is never without one, not even if the documents do not allow the new one. This is not possible
 * for a second text index or a 65th index.
 * @param retired names of indexes that the plane created and that must be removed, and of all stand-ins
 */
export function indexChanges(
  { indexes, unfinished }: FoundIndexes,
  declared: readonly IndexSpec[],
  retired: ReadonlySet<string>,
): IndexChanges {
  const found = indexes.filter(({ name }) => name !== idIndexName);
  const byName = new Map(indexes.map((index) => [index.name ?? '', index]));
  const names = new Set(declared.map(nameOnCell));
  const alter: Document[] = [];
  const build: IndexSpec[] = [];
  const buildThen: IndexSpec[] = [];
  const blocking = new Set<string>();
  const dropFirst = new Set<string>();
  for (const index of declared) {
    const name = nameOnCell(index);
    const existing = byName.get(name);
    if (existing !== undefined && indexIsAsDeclared(index, existing)) {
      // Request an index that is being built again: mongod then answers once it is complete.
      if (unfinished.has(name)) build.push(index);
      continue;
    }
    const alteration = existing === undefined || unfinished.has(name) ? undefined : alterationOf(index, existing);
    if (alteration !== undefined) {
      alter.push(alteration);
      continue;
    }
    // An index that somebody else created under another name stays: mongod then reports what blocks the new one.
    const blockers = found
      .filter((candidate) => conflictsWith(candidate, index))
      .map(({ name: blocker = '' }) => blocker)
      .filter((blocker) => blocker === name || retired.has(blocker));
    if (blockers.length === 0) {
      build.push(index);
      continue;
    }
    buildThen.push(index);
    for (const blocker of blockers) blocking.add(blocker);
    const standIn = standInFor(index);
    if (isText(index)) continue;
    const existingStandIn = byName.get(standInName(index));
    const isStandInCurrent = existingStandIn !== undefined && indexIsAsDeclared(standIn, existingStandIn);
    if (existingStandIn !== undefined && !isStandInCurrent) dropFirst.add(standInName(index));
    if (!isStandInCurrent || unfinished.has(standInName(index))) build.push(standIn);
  }
  const obsolete = found.map(({ name = '' }) => name).filter((name) => retired.has(name) && !names.has(name));
  if (indexes.length - dropFirst.size + build.length > maxIndexes) {
    return {
      alter,
      dropFirst: [...new Set([...obsolete, ...blocking])],
      build: [...build.filter((index) => names.has(nameOnCell(index))), ...buildThen],
      drop: [],
      buildThen: [],
      dropLast: [],
    };
  }
  // Also the stand-ins that are built here.
  const dropLast = new Set(
    [...obsolete, ...build.map(nameOnCell)].filter((name) => !names.has(name) && !blocking.has(name)),
  );
  return { alter, dropFirst: [...dropFirst], build, drop: [...blocking], buildThen, dropLast: [...dropLast] };
}
