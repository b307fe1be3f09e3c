import type { CollectionInfo, Document, IndexDescriptionInfo } from 'mongodb';
import { canonicalDigest } from '../../../contracts/canonical-json.ts';
import type { CollectionSpec, IndexSpec } from '../../../contracts/manifests/tenant.ts';
import { declaredCollections, indexName } from '../../../domain/isolation.ts';
import { TenureError } from '../../../domain/tenure-error.ts';
import { namespaceExistsCode, namespaceNotFoundCode } from '../cell-errors.ts';
import { databaseOf, onCell, onCellUnless, runCommand } from '../home.ts';
import type { Home } from '../home.ts';
import type { HomeStep, Observation } from '../home-step.ts';
import { claimedByThisOperation } from './claim.ts';

function validatorOf(collection: CollectionSpec): Document {
  return collection.jsonSchema === undefined ? {} : { $jsonSchema: collection.jsonSchema };
}

function indexOptions(index: IndexSpec): Document {
  return {
    name: indexName(index),
    key: Object.fromEntries(index.keys.map(({ field, order }) => [field, order])),
    ...(index.unique === undefined ? {} : { unique: index.unique }),
    ...(index.sparse === undefined ? {} : { sparse: index.sparse }),
    ...(index.expireAfterSeconds === undefined ? {} : { expireAfterSeconds: index.expireAfterSeconds }),
  };
}

/** Text indexes come back with `_fts` keys; their declared fields are in `weights`. */
function isAsDeclared(declared: IndexSpec, found: IndexDescriptionInfo): boolean {
  const isText = declared.keys.some((key) => key.order === 'text');
  const keysAgree = isText
    ? declared.keys.filter((key) => key.order === 'text').every((key) => found['weights']?.[key.field] !== undefined)
    : JSON.stringify(Object.entries(found.key)) === JSON.stringify(declared.keys.map(({ field, order }) => [field, order]));
  return (
    keysAgree &&
    (found.unique ?? false) === (declared.unique ?? false) &&
    (found['sparse'] ?? false) === (declared.sparse ?? false) &&
    found['expireAfterSeconds'] === declared.expireAfterSeconds
  );
}

const understoodOptions = new Set(['validator', 'validationLevel', 'validationAction']);

function refuseForeign(home: Home, info: CollectionInfo): void {
  const extra = Object.keys(info.options ?? {}).filter((option) => !understoodOptions.has(option));
  if (info.type === 'collection' && extra.length === 0) return;
  throw new TenureError(
    'owned_by_another',
    `"${home.names.database}.${info.name}" exists as a ${info.type ?? 'collection'}${extra.length === 0 ? '' : ` with ${extra.join(', ')}`}, which this plane does not make`,
  );
}

function validatorIsAsDeclared(declared: CollectionSpec, info: CollectionInfo): boolean {
  const { validator = {}, validationLevel = 'strict', validationAction = 'error' } = info.options as Document;
  return canonicalDigest(validator) === canonicalDigest(validatorOf(declared)) && validationLevel === 'strict' && validationAction === 'error';
}

interface Found {
  readonly info: CollectionInfo | undefined;
  readonly indexes: readonly IndexDescriptionInfo[];
}

async function lookAt(home: Home): Promise<Map<string, Found>> {
  const infos = await onCell(home, (options) => databaseOf(home).listCollections({}, { nameOnly: false, ...options }).toArray());
  const found = new Map<string, Found>();
  for (const { name } of declaredCollections(home.spec)) {
    const info = infos.find((candidate) => candidate.name === name);
    if (info !== undefined) refuseForeign(home, info);
    const indexes =
      info === undefined ? [] : ((await onCellUnless(home, new Set([namespaceNotFoundCode]), (options) => databaseOf(home).collection(name).listIndexes(options).toArray())) ?? []);
    found.set(name, { info, indexes });
  }
  return found;
}

async function observe(home: Home): Promise<Observation> {
  const found = await lookAt(home);
  const declared = declaredCollections(home.spec);
  if ([...found.values()].every(({ info }) => info === undefined)) return 'absent';
  let partial = false;
  let wrong = false;
  for (const collection of declared) {
    const { info, indexes } = found.get(collection.name) ?? { info: undefined, indexes: [] };
    if (info === undefined) {
      partial = true;
      continue;
    }
    if (!validatorIsAsDeclared(collection, info)) wrong = true;
    for (const index of collection.indexes) {
      const there = indexes.find((candidate) => candidate.name === indexName(index));
      if (there === undefined) partial = true;
      else if (!isAsDeclared(index, there)) wrong = true;
    }
  }
  if (wrong) return 'wrong';
  return partial ? 'partial' : 'present';
}

async function ensureCollection(home: Home, declared: CollectionSpec, { info, indexes }: Found): Promise<void> {
  const settings = { validator: validatorOf(declared), validationLevel: 'strict', validationAction: 'error' };
  if (info === undefined) {
    await runCommand(home, { create: declared.name, ...settings }, new Set([namespaceExistsCode]));
  } else if (!validatorIsAsDeclared(declared, info)) {
    await runCommand(home, { collMod: declared.name, ...settings });
  }
  const missing: IndexSpec[] = [];
  for (const index of declared.indexes) {
    const there = indexes.find((candidate) => candidate.name === indexName(index));
    if (there !== undefined && isAsDeclared(index, there)) continue;
    if (there !== undefined) await runCommand(home, { dropIndexes: declared.name, index: indexName(index) });
    missing.push(index);
  }
  if (missing.length > 0) await runCommand(home, { createIndexes: declared.name, indexes: missing.map(indexOptions), commitQuorum: 'majority' });
}

/** The declared collections with their validators and indexes. */
export const createCollections: HomeStep = {
  observe,
  async ensure(home) {
    const found = await lookAt(home);
    const declared = declaredCollections(home.spec);
    for (const collection of declared) {
      try {
        await ensureCollection(home, collection, found.get(collection.name) ?? { info: undefined, indexes: [] });
      } catch (error) {
        if (error instanceof TenureError && error.code === 'schema_rejected') {
          throw new TenureError('schema_rejected', `collection "${collection.name}": ${error.message}`, { cause: error });
        }
        throw error;
      }
    }
    const indexes = declared.reduce((sum, collection) => sum + collection.indexes.length, 0);
    return `${declared.length} collections, ${indexes} indexes`;
  },
  async undo(home) {
    if (!(await claimedByThisOperation(home))) return 'the database was not claimed by this operation';
    await onCell(home, (options) => databaseOf(home).dropDatabase(options));
    return 'dropped the database';
  },
};
