import { BSON } from 'mongodb';
import type { CollectionInfo, Document, IndexDescriptionInfo } from 'mongodb';
import { canonicalDigest } from '../../../contracts/canonical-json.ts';
import type { CollectionSpec } from '../../../contracts/manifests/tenant.ts';
import { declaredCollections } from '../../../domain/isolation.ts';
import { TenureError } from '../../../domain/tenure-error.ts';
import { listOnCell, writeOnCell } from '../cell-commands.ts';
import { refusesSchema, serverCode, serverCodes } from '../cell-errors.ts';
import type { Home } from '../home.ts';
import type { HomeStep, Observation } from '../home-step.ts';
import { reconcile } from '../reconcile.ts';
import { claimedByThisOperation, confirmClaim, requireClaim } from './claim.ts';
import { idIndexName, indexDefinition, indexIsAsDeclared, nameOnCell } from './indexes.ts';

/** One declared collection and what stands there. */
interface FoundCollection {
  readonly declared: CollectionSpec;
  readonly info: CollectionInfo | undefined;
  readonly indexes: readonly IndexDescriptionInfo[];
}

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

function validatorOf(collection: CollectionSpec): Document {
  return collection.jsonSchema === undefined ? {} : { $jsonSchema: collection.jsonSchema };
}

function validatorIsAsDeclared(declared: CollectionSpec, info: CollectionInfo): boolean {
  const { validator = {}, validationLevel = 'strict', validationAction = 'error' } = info.options as Document;
  // A validator of another's making may hold values that JSON has not.
  const digest = (value: Document): string => canonicalDigest(BSON.EJSON.serialize(value));
  return digest(validator) === digest(validatorOf(declared)) && validationLevel === 'strict' && validationAction === 'error';
}

const understoodOptions = new Set(['validator', 'validationLevel', 'validationAction']);

/** What the plane never makes: a view, a capped or time series collection, and whatever else differs in more than its validator. */
function foreignTraits(info: CollectionInfo): string | undefined {
  const extra = Object.keys(info.options ?? {}).filter((option) => !understoodOptions.has(option));
  if (info.type === 'collection' && extra.length === 0) return undefined;
  return `${info.type ?? 'collection'}${extra.length === 0 ? '' : ` with ${extra.join(', ')}`}`;
}

async function listDeclared(home: Home): Promise<Map<string, CollectionInfo>> {
  const names = declaredCollections(home.spec).map(({ name }) => name);
  const infos = await listOnCell<CollectionInfo>(home, home.names.database, { listCollections: 1, filter: { name: { $in: names } } });
  return new Map(infos.map((info) => [info.name, info]));
}

async function listIndexes(home: Home, collection: string): Promise<IndexDescriptionInfo[]> {
  try {
    return await listOnCell(home, home.names.database, { listIndexes: collection });
  } catch (error) {
    if (serverCode(error) === serverCodes.namespaceNotFound) return [];
    throw error;
  }
}

async function look(home: Home): Promise<FoundCollection[]> {
  const infos = await listDeclared(home);
  for (const info of infos.values()) {
    const traits = foreignTraits(info);
    if (traits !== undefined) throw new TenureError('owned_by_another', `"${home.names.database}.${info.name}" exists as a ${traits}, which this plane does not make`);
  }
  const found: FoundCollection[] = [];
  for (const declared of declaredCollections(home.spec)) {
    const info = infos.get(declared.name);
    found.push({ declared, info, indexes: info === undefined ? [] : await listIndexes(home, declared.name) });
  }
  return found;
}

function judgeCollection({ declared, info, indexes }: FoundCollection): Observation {
  if (info === undefined) return 'absent';
  if (!validatorIsAsDeclared(declared, info)) return 'wrong';
  const there = declared.indexes.map((index) => ({ index, found: indexes.find(({ name }) => name === nameOnCell(index)) }));
  if (there.some(({ index, found }) => found !== undefined && !indexIsAsDeclared(index, found))) return 'wrong';
  return there.some(({ found }) => found === undefined) ? 'partial' : 'present';
}

function judge(_home: Home, found: readonly FoundCollection[]): Observation {
  const states = new Set(found.map(judgeCollection));
  if (states.has('wrong')) return 'wrong';
  const [state] = states;
  return states.size === 1 && state !== undefined ? state : 'partial';
}

async function mendCollection(home: Home, { declared, info, indexes }: FoundCollection): Promise<void> {
  const { name } = declared;
  const change = (command: Document): Promise<unknown> => writeOnCell(home, home.names.database, command, changedMeanwhile);
  const settings = { validator: validatorOf(declared), validationLevel: 'strict', validationAction: 'error' };
  if (info === undefined) await change({ create: name, ...settings });
  else if (!validatorIsAsDeclared(declared, info)) await change({ collMod: name, ...settings });

  const missing = declared.indexes.filter((index) => !indexes.some((there) => there.name === nameOnCell(index) && indexIsAsDeclared(index, there)));
  for (const index of missing) {
    const there = nameOnCell(index);
    if (there !== idIndexName && indexes.some((found) => found.name === there)) await change({ dropIndexes: name, index: there });
  }
  if (missing.length > 0) await change({ createIndexes: name, indexes: missing.map(indexDefinition), commitQuorum: 'majority' });
}

async function mend(home: Home, found: readonly FoundCollection[]): Promise<void> {
  for (const collection of found) {
    try {
      await mendCollection(home, collection);
    } catch (error) {
      if (!refusesSchema(error)) throw error;
      const { cause } = error as TenureError;
      throw new TenureError('schema_rejected', `collection "${collection.declared.name}": mongod refuses: ${cause instanceof Error ? cause.message : ''}`, { cause });
    }
  }
}

/** The declared collections with their validators and indexes; others in the database are left alone. */
export const createCollections: HomeStep = {
  observe: async (home) => judge(home, await look(home)),
  async ensure(home) {
    await requireClaim(home);
    await reconcile(home, { look, judge, mend });
    await confirmClaim(home);
    const declared = declaredCollections(home.spec);
    const indexes = declared.reduce((sum, collection) => sum + collection.indexes.length, 0);
    return `${declared.length} collections, ${indexes} indexes`;
  },
  async undo(home) {
    if (!(await claimedByThisOperation(home))) return 'the database was not claimed by this operation';
    // One by one: dropping the database would also destroy what somebody else has put there since it was claimed.
    const own = [...(await listDeclared(home)).values()].filter((info) => foreignTraits(info) === undefined);
    for (const { name } of own) await writeOnCell(home, home.names.database, { drop: name }, notFound);
    return `dropped ${own.length} collections`;
  },
};
