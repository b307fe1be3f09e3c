import type { Flaw } from './free-json.ts';
import { idIndexName, nameOnCell } from './index-spec.ts';
import type { IndexSpec } from './index-spec.ts';

const textOptions = ['weights', 'default_language', 'language_override'] as const;
const planarOptions = ['bits', 'min', 'max'] as const;

const isWildcard = ({ keys }: IndexSpec): boolean =>
  keys.some(({ field, order }) => order !== 'text' && (field === '$**' || field.endsWith('.$**')));
export const isText = ({ keys }: IndexSpec): boolean => keys.some(({ order }) => order === 'text');
const isOnId = ({ keys }: IndexSpec): boolean =>
  keys.length === 1 && keys[0]?.field === '_id' && typeof keys[0].order === 'number';

/** Errors for which MongoDB rejects an index, independent of the documents. */
function flawsOfIndex(index: IndexSpec): Flaw[] {
  const { keys, name: _name, ...options } = index;
  const flaws: Flaw[] = [];
  const flaw = (path: readonly PropertyKey[], message: string): void => void flaws.push({ path, message });
  const kinds = new Set(keys.map(({ order }) => order).filter((order) => typeof order === 'string'));
  const hasCollation = options.collation !== undefined && options.collation.locale !== 'simple';

  if (isOnId(index)) {
    if (keys[0]?.order === -1)
      flaw(['keys', 0, 'order'], 'must be 1: MongoDB creates the index on _id in ascending order');
    for (const option of Object.keys(options))
      flaw([option], 'is not allowed for the index on _id, which MongoDB creates itself');
    return flaws;
  }
  if (index.name === idIndexName) flaw(['name'], `must not be "${idIndexName}", the name of the index on _id`);
  if (kinds.size > 1) flaw(['keys'], `must all be of one kind, not ${[...kinds].join(' and ')}`);
  if (options.sparse === true && options.partialFilterExpression !== undefined)
    flaw(['sparse'], 'cannot be combined with partialFilterExpression; use {"field": {"$exists": true}} there instead');
  if (options.expireAfterSeconds !== undefined && keys.length > 1)
    flaw(['expireAfterSeconds'], 'requires an index on a single field');

  if (isText(index)) {
    const places = keys.flatMap(({ order }, place) => (order === 'text' ? [place] : []));
    if ((places.at(-1) ?? 0) - (places[0] ?? 0) >= places.length)
      flaw(['keys'], 'must list its text fields next to each other');
    if (hasCollation) flaw(['collation'], 'is not allowed for a text index, which uses a language instead');
    for (const [place, { field }] of keys.entries())
      if (field.endsWith('.$**')) flaw(['keys', place, 'field'], 'must be a field, or $** for all fields');
  } else {
    for (const option of textOptions)
      if (options[option] !== undefined) flaw([option], 'is allowed only for an index with a text field');
  }

  if (kinds.has('hashed')) {
    if (options.unique === true) flaw(['unique'], 'is not allowed for a hashed index');
    if (keys.filter(({ order }) => order === 'hashed').length > 1) flaw(['keys'], 'must have only one hashed field');
  }
  if (kinds.has('2d')) {
    if (keys[0]?.order !== '2d' || keys.filter(({ order }) => order === '2d').length > 1)
      flaw(['keys'], 'must have exactly one 2d field, in first place');
    if (hasCollation) flaw(['collation'], 'is not allowed for a 2d index');
    if ((options.min ?? -180) >= (options.max ?? 180))
      flaw(
        [options.min === undefined ? 'max' : 'min'],
        'must leave a range between min and max (defaults: -180 and 180)',
      );
  } else {
    for (const option of planarOptions)
      if (options[option] !== undefined) flaw([option], 'is allowed only for a 2d index');
  }

  if (isWildcard(index) && kinds.size > 0)
    flaw(['keys'], `must not contain $** in an index of kind ${[...kinds].join(' and ')}`);
  else if (isWildcard(index)) {
    for (const [place, { field, order }] of keys.entries())
      if (field.endsWith('$**') && order !== 1) flaw(['keys', place, 'order'], 'must be 1 for $**');
    if (options.unique === true) flaw(['unique'], 'is not allowed with $**');
    if (options.sparse === true) flaw(['sparse'], 'is not allowed with $**, which is always sparse');
    if (options.expireAfterSeconds !== undefined) flaw(['expireAfterSeconds'], 'is not allowed with $**');
  }
  if (options.wildcardProjection !== undefined) flaws.push(...projectionFlaws(index, options.wildcardProjection));
  return flaws;
}

function projectionFlaws(index: IndexSpec, projection: Readonly<Record<string, boolean | number>>): Flaw[] {
  const path = ['wildcardProjection'];
  const fields = Object.entries(projection);
  const isPlain = index.keys.every(({ order }) => typeof order === 'number');
  if (!isPlain || !index.keys.some(({ field }) => field === '$**'))
    return [{ path, message: 'is allowed only for an index on $**' }];
  if (fields.length === 0) return [{ path, message: 'must name at least one field' }];
  const others = new Set(fields.filter(([field]) => field !== '_id').map(([, isIn]) => Boolean(isIn)));
  if (others.size > 1) return [{ path, message: 'must either include fields or exclude fields, not both' }];
  const inside = fields.find(([field]) => fields.some(([other]) => field.startsWith(`${other}.`)));
  return inside === undefined
    ? []
    : [{ path: [...path, inside[0]], message: 'is part of another field in the projection' }];
}

const collationDefaults = {
  strength: 3,
  caseLevel: false,
  caseFirst: 'off',
  numericOrdering: false,
  alternate: 'non-ignorable',
  maxVariable: 'punct',
  normalization: false,
} as const;

/** A collation with all its fields, as mongod stores it; `undefined` for binary order. */
export function fullCollation(collation: IndexSpec['collation']): Record<string, unknown> | undefined {
  if (collation === undefined || collation.locale === 'simple') return undefined;
  // The only one of 104 locales with other defaults (MongoDB 6.0.5).
  return { ...collationDefaults, backwards: collation.locale === 'fr_CA', ...collation };
}

/** The properties by which MongoDB distinguishes indexes. It creates only one of two indexes that share them. */
function identityOf(index: IndexSpec): string {
  if (isText(index)) return 'text';
  const {
    keys,
    unique = false,
    sparse = false,
    partialFilterExpression = null,
    collation,
    wildcardProjection = null,
  } = index;
  return JSON.stringify({
    keys: keys.map(({ field, order }) => [field, order]),
    unique,
    sparse,
    partialFilterExpression,
    collation: fullCollation(collation) ?? null,
    wildcardProjection,
  });
}

/**
 * Errors for which MongoDB rejects the indexes of a collection, independent of the documents. Paths start with the
 * index's position.
 */
export function indexFlaws(indexes: readonly IndexSpec[]): Flaw[] {
  const byName = new Map<string, number>();
  const byIdentity = new Map<string, number>();
  return indexes.flatMap((index, place) => {
    const flaws = flawsOfIndex(index).map(({ path, message }): Flaw => ({ path: [place, ...path], message }));
    const [name, identity] = [nameOnCell(index), identityOf(index)];
    const [namesake, twin] = [byName.get(name), byIdentity.get(identity)];
    const at = index.name === undefined ? [place] : [place, 'name'];
    if (namesake !== undefined)
      flaws.push({
        path: at,
        message: `has the same name "${name}" as index ${namesake}; rename one of them`,
      });
    else if (twin !== undefined && isText(index))
      flaws.push({
        path: [place, 'keys'],
        message: `is a second text index besides index ${twin}; a collection can have only one`,
      });
    else if (twin !== undefined) flaws.push({ path: [place], message: `duplicates index ${twin} under another name` });
    byName.set(name, namesake ?? place);
    byIdentity.set(identity, twin ?? place);
    return flaws;
  });
}
