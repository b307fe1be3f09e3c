import type { Document } from 'mongodb';
import type { HomeNamespace } from '../../../domain/home-layout.ts';
import { listOnCell, writeOnCell } from '../cell-commands.ts';
import { serverCodes } from '../cell-errors.ts';
import { reversed } from '../home.ts';
import type { Home } from '../home.ts';
import { unlessOwnedByAnother } from '../home-step.ts';
import type { HomeStep } from '../home-step.ts';
import { reconcile } from '../reconcile.ts';
import { claimedByThisOperation, confirmClaim, requireClaim } from './claim.ts';
import { foreignTraits, judgeCollections, listCollections, lookAtCollections, validatorIsAsDeclared, validatorOf, wantedIndexes } from './declared-collections.ts';
import type { FoundCollection } from './declared-collections.ts';
import { idIndexName, indexDefinition, indexIsAsDeclared, nameOnCell } from './indexes.ts';
import { asSchemaRefusal } from './schema-refusal.ts';

/** Refusals that another attempt at the same step brings about; the next look shows what is left to do. */
const changedMeanwhile = new Set<number>([
  serverCodes.namespaceExists,
  serverCodes.namespaceNotFound,
  serverCodes.indexNotFound,
  serverCodes.conflictingOperationInProgress,
  serverCodes.indexBuildAborted,
  serverCodes.backgroundOperationInProgress,
]);
const notFound: ReadonlySet<number> = new Set([serverCodes.namespaceNotFound]);

const strict = { validationLevel: 'strict', validationAction: 'error' } as const;

async function change({ home, namespace }: { readonly home: Home; readonly namespace: HomeNamespace }, command: Document, indexes?: readonly string[]): Promise<void> {
  try {
    await writeOnCell(home, namespace.database, command, changedMeanwhile);
  } catch (error) {
    throw asSchemaRefusal(error, namespace.declared.name, indexes);
  }
}

async function mendCollection(home: Home, { namespace, info, indexes }: FoundCollection): Promise<void> {
  const { declared: collection, name } = namespace;
  const here = { home, namespace };
  const settings = { validator: validatorOf(collection), ...strict };
  if (info === undefined) await change(here, { create: name, ...settings });
  else if (!validatorIsAsDeclared(collection, info)) await change(here, { collMod: name, ...settings });

  const { declared, retired } = wantedIndexes(home, collection);
  const missing = declared.filter((index) => !indexes.some((there) => there.name === nameOnCell(index) && indexIsAsDeclared(index, there)));
  const inTheWay = new Set(missing.map(nameOnCell).filter((there) => there !== idIndexName));
  const going = indexes.map((there) => there.name ?? '').filter((there) => retired.has(there) || inTheWay.has(there));
  if (going.length > 0) await change(here, { dropIndexes: name, index: going });
  if (missing.length > 0) await change(here, { createIndexes: name, indexes: missing.map(indexDefinition), commitQuorum: 'majority' }, missing.map(nameOnCell));
}

async function mend(home: Home, found: readonly FoundCollection[]): Promise<void> {
  for (const collection of found) await mendCollection(home, collection);
}

async function ensure(home: Home): Promise<string> {
  await requireClaim(home);
  await reconcile(home, { look: lookAtCollections, judge: judgeCollections, mend });
  await confirmClaim(home);
  const { namespaces } = home.layout;
  const indexes = namespaces.reduce((sum, { declared }) => sum + wantedIndexes(home, declared).declared.length, 0);
  return `${namespaces.length} collections, ${indexes} indexes`;
}

/**
 * Drops a collection that holds nothing. A validator that takes no document is put on it first: that waits for whoever
 * has written to it in an open transaction, and nobody writes after it, so what is found empty is empty when it is dropped.
 */
async function dropIfEmpty(home: Home, { declared, database, name }: HomeNamespace): Promise<boolean> {
  await writeOnCell(home, database, { collMod: name, validator: { $alwaysFalse: 1 }, ...strict }, notFound);
  const [document] = await listOnCell(home, database, { find: name, limit: 1, projection: { _id: true } });
  if (document === undefined) await writeOnCell(home, database, { drop: name }, notFound);
  else await writeOnCell(home, database, { collMod: name, validator: validatorOf(declared), ...strict }, notFound);
  return document === undefined;
}

/** Back to the spec and form of before. Collections that the operation has added go again, unless something is in them by now. */
async function goBack(home: Home): Promise<string> {
  const back = reversed(home);
  const result = await ensure(back);
  const stood = new Set(back.layout.namespaces.map(({ database, name }) => `${database}.${name}`));
  const added = home.layout.namespaces.filter(({ database, name }) => !stood.has(`${database}.${name}`));
  const there = [...(await listCollections(home, added))].filter(([, info]) => foreignTraits(info) === undefined);
  const kept: string[] = [];
  for (const [namespace] of there) {
    if (!(await dropIfEmpty(home, namespace))) kept.push(namespace.name);
  }
  await confirmClaim(home);
  return [result, `dropped ${there.length - kept.length} that were added`, ...(kept.length === 0 ? [] : [`left ${kept.join(', ')}, where documents are`])].join('; ');
}

/**
 * The declared collections with their validators and, by the form of the home, their secondary indexes. Others in the
 * database, other indexes and documents are left alone.
 */
export const homeCollections: HomeStep = {
  observe: async (home) => judgeCollections(home, await lookAtCollections(home)),
  ensure,
  undo: (home) => unlessOwnedByAnother(() => goBack(home)),
};

/** The same for a home that an activation makes. */
export const createCollections: HomeStep = {
  ...homeCollections,
  async undo(home) {
    if (!(await claimedByThisOperation(home))) return 'the home was not claimed by this operation';
    // One by one: dropping the database would also destroy what somebody else has put there since it was claimed.
    const own = [...(await listCollections(home, home.layout.namespaces))].filter(([, info]) => foreignTraits(info) === undefined);
    for (const [{ database, name }] of own) await writeOnCell(home, database, { drop: name }, notFound);
    return `dropped ${own.length} collections`;
  },
};
