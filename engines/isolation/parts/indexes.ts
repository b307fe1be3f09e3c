import type { Document, IndexDescriptionInfo } from 'mongodb';
import { fullCollation } from '../../../contracts/manifests/index-flaws.ts';
import { indexName } from '../../../contracts/manifests/index-spec.ts';
import type { IndexSpec } from '../../../contracts/manifests/index-spec.ts';
import { digestAsRead } from './digest-as-read.ts';

/** Fields that mongod adds on its own. */
const addedByMongod = new Set(['v', 'ns', 'name', 'key', 'textIndexVersion', '2dsphereIndexVersion']);

function optionsOf({ keys: _keys, name: _name, ...options }: IndexSpec): Document {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** The index for `createIndexes`. The key is a Map because an object would put a numeric field name first. */
export function indexDefinition(index: IndexSpec): Document {
  return {
    name: indexName(index),
    key: new Map(index.keys.map(({ field, order }) => [field, order])),
    ...optionsOf(index),
  };
}

interface StoredIndex {
  readonly key: readonly (readonly [string, unknown])[];
  readonly options: Document;
}

/** The index as mongod stores it: its text fields are one key entry, and are named in its weights. */
function asStored(index: IndexSpec): StoredIndex {
  const textFields = index.keys.filter(({ order }) => order === 'text').map(({ field }) => field);
  const [firstText] = textFields;
  const key = index.keys.flatMap(({ field, order }): [string, unknown][] => {
    if (order !== 'text') return [[field, order]];
    return field === firstText
      ? [
          ['_fts', 'text'],
          ['_ftsx', 1],
        ]
      : [];
  });
  const { collation: _collation, ...options } = optionsOf(index);
  const collation = fullCollation(index.collation);
  return {
    key,
    options: {
      ...options,
      ...(collation === undefined ? {} : { collation }),
      ...(textFields.length === 0
        ? {}
        : {
            default_language: 'english',
            language_override: 'language',
            ...options,
            weights: { ...Object.fromEntries(textFields.map((field) => [field, 1])), ...index.weights },
          }),
    },
  };
}

function asFound(found: IndexDescriptionInfo): StoredIndex {
  const options: Document = Object.fromEntries(Object.entries(found).filter(([option]) => !addedByMongod.has(option)));
  const { version: _version, ...collation } = (options['collation'] ?? {}) as Document;
  return {
    key: Object.entries(found.key),
    options: { ...options, ...(options['collation'] === undefined ? {} : { collation }) },
  };
}

function normalForm({ key, options }: StoredIndex): Document {
  const { unique = false, sparse = false, hidden = false, ...others } = options;
  // Convert through an object on both sides, because the driver returns keys as objects.
  return { key: Object.entries(Object.fromEntries(key)), unique, sparse, hidden, others };
}

/** Whether an index with the declared name is the declared index, without any other option. */
export function indexIsAsDeclared(declared: IndexSpec, found: IndexDescriptionInfo): boolean {
  return digestAsRead(normalForm(asStored(declared))) === digestAsRead(normalForm(asFound(found)));
}

/** What `collMod` must change to make the index as declared; `undefined` if it cannot. */
export function alterationOf(declared: IndexSpec, found: IndexDescriptionInfo): Document | undefined {
  const { expireAfterSeconds, hidden = false } = declared;
  const changed = { ...found, hidden, ...(expireAfterSeconds === undefined ? {} : { expireAfterSeconds }) };
  if (!indexIsAsDeclared(declared, changed)) return undefined;
  return {
    name: found.name,
    ...(expireAfterSeconds === undefined || expireAfterSeconds === found['expireAfterSeconds']
      ? {}
      : { expireAfterSeconds }),
    ...(hidden === (found['hidden'] ?? false) ? {} : { hidden }),
  };
}

/** What mongod distinguishes indexes by: it does not create an index with the same identity as an existing one. */
function identityOf({ key, options }: StoredIndex): string {
  if (key.some(([field]) => field === '_fts')) return 'text';
  const {
    unique = false,
    sparse = false,
    partialFilterExpression = null,
    collation = null,
    wildcardProjection = null,
  } = options;
  return digestAsRead({
    key: Object.entries(Object.fromEntries(key)),
    unique,
    sparse,
    partialFilterExpression,
    collation,
    wildcardProjection,
  });
}

export function conflictsWith(found: IndexDescriptionInfo, declared: IndexSpec): boolean {
  return found.name === indexName(declared) || identityOf(asFound(found)) === identityOf(asStored(declared));
}
