import type { CollectionInfo, Document } from 'mongodb';
import { nameOnCell } from '../../../contracts/manifests/index-spec.ts';
import type { HomeNamespace } from '../../../domain/home-layout.ts';
import { listOnCell, writeOnCell } from '../cell-commands.ts';
import { serverCodes } from '../cell-errors.ts';
import { reversed } from '../home.ts';
import type { Home } from '../home.ts';
import { asResult, unlessOwnedByAnother } from '../home-step.ts';
import type { HomeStep } from '../home-step.ts';
import { reconcile } from '../reconcile.ts';
import { changeCollection } from './change-collection.ts';
import { claimedByThisOperation, confirmClaim, requireClaim } from './claim.ts';
import {
  foreignTraits,
  judgeCollections,
  listCollections,
  observeCollections,
  validationOf,
  validatorIsAsDeclared,
  wantedIndexes,
} from './declared-collections.ts';
import type { FoundCollection } from './declared-collections.ts';
import { withExclusiveAccess } from './in-the-way.ts';
import { createIndexes, endIndexBuilds } from './index-builds.ts';
import type { LeftOut } from './index-builds.ts';
import { indexChanges } from './index-changes.ts';

const missing: ReadonlySet<number> = new Set([serverCodes.namespaceNotFound, serverCodes.collectionUuidMismatch]);

/** Limits a command that removes something to this collection, so that it cannot hit a later one with the same name. */
function uuidOption({ info }: CollectionInfo): Document {
  return info?.uuid === undefined ? {} : { collectionUUID: info.uuid };
}

const refuseAll = { validator: { $alwaysFalse: 1 }, validationLevel: 'strict', validationAction: 'error' } as const;

async function repairCollection(
  home: Home,
  { namespace, info, ...found }: FoundCollection,
  leftOut?: LeftOut,
): Promise<void> {
  const { declared: collection, name } = namespace;
  const target = { home, namespace };
  if (info === undefined) await changeCollection(target, { create: name, ...validationOf(collection) });
  else if (!validatorIsAsDeclared(collection, info))
    await changeCollection(target, { collMod: name, ...validationOf(collection) });

  const { declared, retired } = wantedIndexes(home, collection);
  const { alter, dropFirst, build, drop, buildThen, dropLast } = indexChanges(found, declared, retired);
  const dropIndexes = async (index: readonly string[]): Promise<void> => {
    if (index.length > 0) await changeCollection(target, { dropIndexes: name, index });
  };
  for (const index of alter) await changeCollection(target, { collMod: name, index });
  await dropIndexes(dropFirst);
  if (build.length > 0) await createIndexes(target, build, leftOut);
  await dropIndexes(drop);
  if (buildThen.length > 0) await createIndexes(target, buildThen, leftOut);
  await dropIndexes(dropLast);
}

/** The collection without the indexes that were left out, to be judged. */
function withoutLeftOut(leftOut: LeftOut, { namespace, ...found }: FoundCollection): FoundCollection {
  const { declared } = namespace;
  const indexes = declared.indexes.filter((index) => !leftOut.has(`${declared.name}/${nameOnCell(index)}`));
  return { ...found, namespace: { ...namespace, declared: { ...declared, indexes } } };
}

async function reconcileCollections(home: Home, leftOut?: LeftOut): Promise<string> {
  await requireClaim(home);
  await reconcile(home, {
    observe: async (current) =>
      (await observeCollections(current)).map((found) =>
        leftOut === undefined ? found : withoutLeftOut(leftOut, found),
      ),
    judge: judgeCollections,
    async repair(current, found) {
      for (const collection of found) await repairCollection(current, collection, leftOut);
    },
  });
  await confirmClaim(home);
  const { namespaces } = home.layout;
  const indexes = namespaces.reduce((sum, { declared }) => sum + wantedIndexes(home, declared).declared.length, 0);
  return `${namespaces.length} collections, ${indexes - (leftOut?.size ?? 0)} indexes`;
}

function ensure(home: Home): Promise<string> {
  return reconcileCollections(home);
}

/**
 * Drops a collection if it is empty. First it sets a validator that refuses every document: the change waits for open
 * transactions that have written to the collection and prevents later writes, so a collection that is found empty is
 * still empty when it is dropped.
 */
async function dropIfEmpty(
  home: Home,
  { declared, database, name }: HomeNamespace,
  found: CollectionInfo,
): Promise<boolean> {
  const uuid = uuidOption(found);
  await withExclusiveAccess(home, () => writeOnCell(home, database, { collMod: name, ...refuseAll, ...uuid }, missing));
  const [document] = await listOnCell(home, database, { find: name, limit: 1, projection: { _id: true } });
  if (document === undefined) await writeOnCell(home, database, { drop: name, ...uuid }, missing);
  else await writeOnCell(home, database, { collMod: name, ...validationOf(declared), ...uuid }, missing);
  return document === undefined;
}

/**
 * Restores the earlier spec and form. Collections that the operation added are dropped, unless they now contain
 * documents. An index that mongod now refuses because of newer documents is left out: an undo must be able to end, and
 * drift reports what is missing.
 */
async function restore(home: Home): Promise<string> {
  const previous = reversed(home);
  await endIndexBuilds(home);
  const leftOut: LeftOut = new Map();
  const result = await reconcileCollections(previous, leftOut);
  const previousNames = new Set(previous.layout.namespaces.map(({ database, name }) => `${database}.${name}`));
  const added = home.layout.namespaces.filter(({ database, name }) => !previousNames.has(`${database}.${name}`));
  const existing = [...(await listCollections(home, added))].filter(([, info]) => foreignTraits(info) === undefined);
  const kept: string[] = [];
  for (const [namespace, info] of existing) {
    if (!(await dropIfEmpty(home, namespace, info))) kept.push(namespace.name);
  }
  await confirmClaim(home);
  const reasons = [...leftOut].map(([index, why]) => `left out index ${index}: ${why}`);
  return [
    result,
    `dropped ${existing.length - kept.length} added collections`,
    ...(kept.length === 0 ? [] : [`kept ${kept.join(', ')}, which contain documents`]),
    ...reasons,
  ].join('; ');
}

/**
 * The declared collections with their validators and, depending on the form of the home, their secondary indexes. Other
 * collections in the database, other indexes and documents are left alone.
 */
export const homeCollections: HomeStep = {
  observe: async (home) => judgeCollections(home, await observeCollections(home)),
  ensure,
  undo: (home) => unlessOwnedByAnother(() => restore(home), asResult),
};

/** The same for a home that an activation creates. */
export const createCollections: HomeStep = {
  ...homeCollections,
  async undo(home) {
    if (!(await claimedByThisOperation(home))) return 'this operation did not claim the home';
    await endIndexBuilds(home);
    // One by one: dropping the database would also destroy what somebody else has put there since the claim.
    const ownCollections = [...(await listCollections(home, home.layout.namespaces))].filter(
      ([, info]) => foreignTraits(info) === undefined,
    );
    for (const [{ database, name }, info] of ownCollections)
      await writeOnCell(home, database, { drop: name, ...uuidOption(info) }, missing);
    return `dropped ${ownCollections.length} collections`;
  },
};
