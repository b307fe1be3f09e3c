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
  lookAtCollections,
  validationOf,
  validatorIsAsDeclared,
  wantedIndexes,
} from './declared-collections.ts';
import type { FoundCollection } from './declared-collections.ts';
import { withNobodyInTheWay } from './in-the-way.ts';
import { createIndexes, endIndexBuilds } from './index-builds.ts';
import type { LeftOut } from './index-builds.ts';
import { indexChanges } from './index-changes.ts';

const gone: ReadonlySet<number> = new Set([serverCodes.namespaceNotFound, serverCodes.collectionUuidMismatch]);

/** Limits a command that removes something to this collection, so that it cannot hit a later one with the same name. */
function exactly({ info }: CollectionInfo): Document {
  return info?.uuid === undefined ? {} : { collectionUUID: info.uuid };
}

const takesNothing = { validator: { $alwaysFalse: 1 }, validationLevel: 'strict', validationAction: 'error' } as const;

async function mendCollection(
  home: Home,
  { namespace, info, ...found }: FoundCollection,
  leftOut?: LeftOut,
): Promise<void> {
  const { declared: collection, name } = namespace;
  const here = { home, namespace };
  if (info === undefined) await changeCollection(here, { create: name, ...validationOf(collection) });
  else if (!validatorIsAsDeclared(collection, info))
    await changeCollection(here, { collMod: name, ...validationOf(collection) });

  const { declared, retired } = wantedIndexes(home, collection);
  const { alter, dropFirst, build, drop, buildThen, dropLast } = indexChanges(found, declared, retired);
  const dropIndexes = async (index: readonly string[]): Promise<void> => {
    if (index.length > 0) await changeCollection(here, { dropIndexes: name, index });
  };
  for (const index of alter) await changeCollection(here, { collMod: name, index });
  await dropIndexes(dropFirst);
  if (build.length > 0) await createIndexes(here, build, leftOut);
  await dropIndexes(drop);
  if (buildThen.length > 0) await createIndexes(here, buildThen, leftOut);
  await dropIndexes(dropLast);
}

/** The collection without the indexes that were left out, to be judged. */
function without(leftOut: LeftOut, { namespace, ...found }: FoundCollection): FoundCollection {
  const { declared } = namespace;
  const indexes = declared.indexes.filter((index) => !leftOut.has(`${declared.name}/${nameOnCell(index)}`));
  return { ...found, namespace: { ...namespace, declared: { ...declared, indexes } } };
}

async function bringAbout(home: Home, leftOut?: LeftOut): Promise<string> {
  await requireClaim(home);
  await reconcile(home, {
    look: async (there) =>
      (await lookAtCollections(there)).map((found) => (leftOut === undefined ? found : without(leftOut, found))),
    judge: judgeCollections,
    async mend(there, found) {
      for (const collection of found) await mendCollection(there, collection, leftOut);
    },
  });
  await confirmClaim(home);
  const { namespaces } = home.layout;
  const indexes = namespaces.reduce((sum, { declared }) => sum + wantedIndexes(home, declared).declared.length, 0);
  return `${namespaces.length} collections, ${indexes - (leftOut?.size ?? 0)} indexes`;
}

function ensure(home: Home): Promise<string> {
  return bringAbout(home);
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
  const only = exactly(found);
  await withNobodyInTheWay(home, () => writeOnCell(home, database, { collMod: name, ...takesNothing, ...only }, gone));
  const [document] = await listOnCell(home, database, { find: name, limit: 1, projection: { _id: true } });
  if (document === undefined) await writeOnCell(home, database, { drop: name, ...only }, gone);
  else await writeOnCell(home, database, { collMod: name, ...validationOf(declared), ...only }, gone);
  return document === undefined;
}

/**
 * Restores the earlier spec and form. Collections that the operation added are dropped, unless they now contain
 * documents. An index that mongod now refuses because of newer documents is left out: an undo must be able to end, and
 * drift reports what is missing.
 */
async function goBack(home: Home): Promise<string> {
  const back = reversed(home);
  await endIndexBuilds(home);
  const leftOut: LeftOut = new Map();
  const result = await bringAbout(back, leftOut);
  const stood = new Set(back.layout.namespaces.map(({ database, name }) => `${database}.${name}`));
  const added = home.layout.namespaces.filter(({ database, name }) => !stood.has(`${database}.${name}`));
  const there = [...(await listCollections(home, added))].filter(([, info]) => foreignTraits(info) === undefined);
  const kept: string[] = [];
  for (const [namespace, info] of there) {
    if (!(await dropIfEmpty(home, namespace, info))) kept.push(namespace.name);
  }
  await confirmClaim(home);
  const reasons = [...leftOut].map(([index, why]) => `left out index ${index}: ${why}`);
  return [
    result,
    `dropped ${there.length - kept.length} added collections`,
    ...(kept.length === 0 ? [] : [`kept ${kept.join(', ')}, which contain documents`]),
    ...reasons,
  ].join('; ');
}

/**
 * The declared collections with their validators and, depending on the form of the home, their secondary indexes. Other
 * collections in the database, other indexes and documents are left alone.
 */
export const homeCollections: HomeStep = {
  observe: async (home) => judgeCollections(home, await lookAtCollections(home)),
  ensure,
  undo: (home) => unlessOwnedByAnother(() => goBack(home), asResult),
};

/** The same for a home that an activation creates. */
export const createCollections: HomeStep = {
  ...homeCollections,
  async undo(home) {
    if (!(await claimedByThisOperation(home))) return 'this operation did not claim the home';
    await endIndexBuilds(home);
    // One by one: dropping the database would also destroy what somebody else has put there since the claim.
    const own = [...(await listCollections(home, home.layout.namespaces))].filter(
      ([, info]) => foreignTraits(info) === undefined,
    );
    for (const [{ database, name }, info] of own)
      await writeOnCell(home, database, { drop: name, ...exactly(info) }, gone);
    return `dropped ${own.length} collections`;
  },
};
