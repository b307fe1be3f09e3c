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

/** What MongoDB refuses of one index, whatever documents there are. */
function flawsOfIndex(index: IndexSpec): Flaw[] {
  const { keys, name: _name, ...options } = index;
  const flaws: Flaw[] = [];
  const flaw = (path: readonly PropertyKey[], message: string): void => void flaws.push({ path, message });
  const kinds = new Set(keys.map(({ order }) => order).filter((order) => typeof order === 'string'));
  const hasCollation = options.collation !== undefined && options.collation.locale !== 'simple';

  if (isOnId(index)) {
    if (keys[0]?.order === -1) flaw(['keys', 0, 'order'], 'must be 1: MongoDB makes the index on _id, ascending');
    for (const option of Object.keys(options))
      flaw([option], 'does not fit the index on _id, which MongoDB makes by itself');
    return flaws;
  }
  if (index.name === idIndexName) flaw(['name'], `must not be "${idIndexName}", the name of the index on _id`);
  if (kinds.size > 1) flaw(['keys'], `must be of one kind, not ${[...kinds].join(' and ')}`);
  if (options.sparse === true && options.partialFilterExpression !== undefined)
    flaw(['sparse'], 'does not go with partialFilterExpression; say {"field": {"$exists": true}} in that');
  if (options.expireAfterSeconds !== undefined && keys.length > 1)
    flaw(['expireAfterSeconds'], 'needs an index on one field');

  if (isText(index)) {
    const places = keys.flatMap(({ order }, place) => (order === 'text' ? [place] : []));
    if ((places.at(-1) ?? 0) - (places[0] ?? 0) >= places.length)
      flaw(['keys'], 'must have its text fields beside each other');
    if (hasCollation) flaw(['collation'], 'does not go with a text index, which has its language instead');
    for (const [place, { field }] of keys.entries())
      if (field.endsWith('.$**')) flaw(['keys', place, 'field'], 'must be a field, or $** for all of them');
  } else {
    for (const option of textOptions)
      if (options[option] !== undefined) flaw([option], 'is for an index with a text field');
  }

  if (kinds.has('hashed')) {
    if (options.unique === true) flaw(['unique'], 'does not go with a hashed index');
    if (keys.filter(({ order }) => order === 'hashed').length > 1) flaw(['keys'], 'must have one hashed field only');
  }
  if (kinds.has('2d')) {
    if (keys[0]?.order !== '2d' || keys.filter(({ order }) => order === '2d').length > 1)
      flaw(['keys'], 'must have one 2d field, and that first');
    if (hasCollation) flaw(['collation'], 'does not go with a 2d index');
    if ((options.min ?? -180) >= (options.max ?? 180))
      flaw(
        [options.min === undefined ? 'max' : 'min'],
        'must leave a range between min and max, which are -180 and 180 unless said otherwise',
      );
  } else {
    for (const option of planarOptions) if (options[option] !== undefined) flaw([option], 'is for a 2d index');
  }

  if (isWildcard(index) && kinds.size > 0)
    flaw(['keys'], `must not have $** in an index of kind ${[...kinds].join(' and ')}`);
  else if (isWildcard(index)) {
    for (const [place, { field, order }] of keys.entries())
      if (field.endsWith('$**') && order !== 1) flaw(['keys', place, 'order'], 'must be 1 for $**');
    if (options.unique === true) flaw(['unique'], 'does not go with $**');
    if (options.sparse === true) flaw(['sparse'], 'does not go with $**, which is sparse by itself');
    if (options.expireAfterSeconds !== undefined) flaw(['expireAfterSeconds'], 'does not go with $**');
  }
  if (options.wildcardProjection !== undefined) flaws.push(...projectionFlaws(index, options.wildcardProjection));
  return flaws;
}

function projectionFlaws(index: IndexSpec, projection: Readonly<Record<string, boolean | number>>): Flaw[] {
  const path = ['wildcardProjection'];
  const fields = Object.entries(projection);
  const isPlain = index.keys.every(({ order }) => typeof order === 'number');
  if (!isPlain || !index.keys.some(({ field }) => field === '$**'))
    return [{ path, message: 'is for an index on $**' }];
  if (fields.length === 0) return [{ path, message: 'must name a field' }];
  const others = new Set(fields.filter(([field]) => field !== '_id').map(([, isIn]) => Boolean(isIn)));
  if (others.size > 1)
    return [{ path, message: 'must either name the fields that are in the index, or those that are not' }];
  const inside = fields.find(([field]) => fields.some(([other]) => field.startsWith(`${other}.`)));
  return inside === undefined ? [] : [{ path: [...path, inside[0]], message: 'lies in a field that is named too' }];
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

/** A collation with all its fields, as mongod keeps it; `undefined` for the order of bytes. */
export function fullCollation(collation: IndexSpec['collation']): Record<string, unknown> | undefined {
  if (collation === undefined || collation.locale === 'simple') return undefined;
  // The one locale whose defaults are others (MongoDB 6.0.5, of 104).
  return { ...collationDefaults, backwards: collation.locale === 'fr_CA', ...collation };
}

/** By what MongoDB tells indexes apart: of two that have it in common, it makes one. */
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

/** What MongoDB refuses of the indexes of a collection, whatever documents there are; paths begin with the place of the index. */
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
        message: `has the name "${name}", as index ${namesake} has; give one of the two another name`,
      });
    else if (twin !== undefined && isText(index))
      flaws.push({ path: [place, 'keys'], message: `is a text index beside index ${twin}; a collection has one` });
    else if (twin !== undefined) flaws.push({ path: [place], message: `is index ${twin} once more, by another name` });
    byName.set(name, namesake ?? place);
    byIdentity.set(identity, twin ?? place);
    return flaws;
  });
}
