import type { Document, IndexDescriptionInfo } from 'mongodb';
import { BSON } from 'mongodb';
import { canonicalDigest } from '../../../contracts/canonical-json.ts';
import type { IndexSpec } from '../../../contracts/manifests/tenant.ts';
import { indexName } from '../../../domain/isolation.ts';

/** What mongod adds on its own. */
const addedByMongod = new Set(['v', 'ns', 'name', 'key', 'textIndexVersion', '2dsphereIndexVersion']);

/** The name of the index on `_id`, which mongod makes with the collection and by no other name. */
export const idIndexName = '_id_';

/** The name under which mongod has the index. */
export function nameOnCell(index: IndexSpec): string {
  const { keys, name: _name, ...options } = index;
  const [first] = keys;
  const isIdIndex = keys.length === 1 && first?.field === '_id' && first.order === 1 && Object.keys(options).length === 0;
  return isIdIndex ? idIndexName : indexName(index);
}

function optionsOf({ unique, sparse, expireAfterSeconds }: IndexSpec): Document {
  return {
    ...(unique === undefined ? {} : { unique }),
    ...(sparse === undefined ? {} : { sparse }),
    ...(expireAfterSeconds === undefined ? {} : { expireAfterSeconds }),
  };
}

/** The index for `createIndexes`. A Map, for an object would put a field whose name is a number first. */
export function indexDefinition(index: IndexSpec): Document {
  return { name: indexName(index), key: new Map(index.keys.map(({ field, order }) => [field, order])), ...optionsOf(index) };
}

/** As mongod keeps it: the text fields of an index are one entry, and are named in its weights. */
function asKept(index: IndexSpec): { readonly key: [string, unknown][]; readonly options: Document } {
  const textFields = index.keys.filter(({ order }) => order === 'text').map(({ field }) => field);
  const [firstText] = textFields;
  const key = index.keys.flatMap(({ field, order }): [string, unknown][] => {
    if (order !== 'text') return [[field, order]];
    return field === firstText ? [['_fts', 'text'], ['_ftsx', 1]] : [];
  });
  if (textFields.length === 0) return { key, options: optionsOf(index) };
  const weights = Object.fromEntries(textFields.map((field) => [field, 1]));
  return { key, options: { ...optionsOf(index), weights, default_language: 'english', language_override: 'language' } };
}

function normalForm(key: readonly (readonly [string, unknown])[], options: Document): string {
  const { unique = false, sparse = false, ...others } = options;
  // Through an object on both sides: that is how the driver hands over what it has read.
  return canonicalDigest(BSON.EJSON.serialize({ key: Object.entries(Object.fromEntries(key)), unique, sparse, others }));
}

/** Whether an index of the declared one's name is that index, with no option that was not declared. */
export function indexIsAsDeclared(declared: IndexSpec, found: IndexDescriptionInfo): boolean {
  const { key, options } = asKept(declared);
  const foundOptions = Object.fromEntries(Object.entries(found).filter(([option]) => !addedByMongod.has(option)));
  return normalForm(key, options) === normalForm(Object.entries(found.key), foundOptions);
}
