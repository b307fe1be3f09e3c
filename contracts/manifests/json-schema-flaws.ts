import type { Flaw } from './free-json.ts';

const jsonTypes = ['array', 'boolean', 'null', 'number', 'object', 'string'] as const;
const bsonTypes = [
  'double',
  'string',
  'object',
  'array',
  'binData',
  'undefined',
  'objectId',
  'bool',
  'date',
  'null',
  'regex',
  'dbPointer',
  'javascript',
  'symbol',
  'javascriptWithScope',
  'int',
  'timestamp',
  'long',
  'decimal',
  'minKey',
  'maxKey',
  'number',
] as const;

/** Common JSON Schema keywords that MongoDB does not support, with the alternative. */
const instead: Readonly<Record<string, string>> = {
  const: 'use enum with one value',
  default: 'remove it',
  definitions: 'inline the schemas where they are used',
  examples: 'remove it, or move it to description',
  format: 'use pattern, or bsonType "date" or "objectId"',
  id: 'remove it',
  nullable: 'add "null" to bsonType',
};

const asObject = (value: unknown): Readonly<Record<string, unknown>> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;

/** The same mistake is often repeated throughout a schema. */
const maxReported = 20;

type Path = readonly PropertyKey[];
type Rule = (value: unknown, path: Path, schema: Readonly<Record<string, unknown>>) => Flaw[];

const no: Flaw[] = [];
const must = (isValid: boolean, path: Path, message: string): Flaw[] => (isValid ? no : [{ path, message }]);

function typeRule(allowed: readonly string[]): Rule {
  const checkTypeName = (value: unknown, path: Path): Flaw[] => {
    if (value === null) return [{ path, message: 'must be the string "null", in quotes' }];
    if (typeof value !== 'string') return [{ path, message: 'must be the name of a type' }];
    const hint = value === 'integer' ? '; for an integer, use bsonType "int" or "long"' : '';
    return must(allowed.includes(value), path, `must be one of ${allowed.join(', ')}${hint}`);
  };
  return (value, path) => {
    if (!Array.isArray(value)) return checkTypeName(value, path);
    return [
      ...must(value.length > 0, path, 'must name at least one type'),
      ...must(new Set(value).size === value.length, path, 'must not name a type twice'),
      ...value.flatMap((item, place) => checkTypeName(item, [...path, place])),
    ];
  };
}

const names: Rule = (value, path) => {
  if (!Array.isArray(value) || value.length === 0)
    return [{ path, message: 'must be a list of at least one field name' }];
  return [
    ...value.flatMap((item, place) => must(typeof item === 'string', [...path, place], 'must be a field name')),
    ...must(new Set(value).size === value.length, path, 'must not name a field twice'),
  ];
};
const text: Rule = (value, path) => must(typeof value === 'string', path, 'must be a string');
const yesOrNo: Rule = (value, path) => must(typeof value === 'boolean', path, 'must be true or false');
const number: Rule = (value, path) => must(typeof value === 'number', path, 'must be a number');
const count: Rule = (value, path) =>
  must(Number.isSafeInteger(value) && Number(value) >= 0, path, 'must be an integer of at least 0');
const schema: Rule = (value, path) => {
  const inner = asObject(value);
  return inner === undefined ? [{ path, message: 'must be a schema' }] : schemaFlaws(inner, path);
};
const schemaOrNot: Rule = (value, path, outer) => (typeof value === 'boolean' ? no : schema(value, path, outer));
const schemas: Rule = (value, path, outer) => {
  if (!Array.isArray(value) || value.length === 0) return [{ path, message: 'must be a list of at least one schema' }];
  return value.flatMap((item, place) => schema(item, [...path, place], outer));
};
const items: Rule = (value, path, outer) =>
  Array.isArray(value)
    ? value.flatMap((item, place) => schema(item, [...path, place], outer))
    : schema(value, path, outer);
const byName =
  (rule: Rule): Rule =>
  (value, path, outer) => {
    const fields = asObject(value);
    return fields === undefined
      ? [{ path, message: 'must be an object of field names' }]
      : Object.entries(fields).flatMap(([name, item]) => rule(item, [...path, name], outer));
  };
/** As in draft 4, these are flags next to the bound. */
const exclusive =
  (bound: 'minimum' | 'maximum'): Rule =>
  (value, path, { [bound]: limit }) =>
    must(
      typeof value === 'boolean' && limit !== undefined,
      path,
      `must be true or false, together with ${bound}, which holds the number`,
    );

/** The keywords of MongoDB's `$jsonSchema`: those of draft 4 without references, and its own. */
const rules: Readonly<Record<string, Rule>> = {
  additionalItems: schemaOrNot,
  additionalProperties: schemaOrNot,
  allOf: schemas,
  anyOf: schemas,
  bsonType: (value, path, outer) => [
    ...typeRule(bsonTypes)(value, path, outer),
    ...must(outer['type'] === undefined, path, 'cannot be combined with type: keep one of the two'),
  ],
  dependencies: byName((value, path, outer) =>
    Array.isArray(value) ? names(value, path, outer) : schema(value, path, outer),
  ),
  description: text,
  enum: (value, path) => {
    if (!Array.isArray(value) || value.length === 0) return [{ path, message: 'must be a list of at least one value' }];
    const seen = new Set<string>();
    const twice = value.findIndex((item) => seen.size === seen.add(JSON.stringify(item)).size);
    return twice === -1 ? no : [{ path: [...path, twice], message: 'is already in the list' }];
  },
  exclusiveMaximum: exclusive('maximum'),
  exclusiveMinimum: exclusive('minimum'),
  items,
  maxItems: count,
  maxLength: count,
  maxProperties: count,
  maximum: number,
  minItems: count,
  minLength: count,
  minProperties: count,
  minimum: number,
  multipleOf: (value, path) => must(typeof value === 'number' && value > 0, path, 'must be a number greater than 0'),
  not: schema,
  oneOf: schemas,
  pattern: text,
  patternProperties: byName(schema),
  properties: byName(schema),
  required: names,
  title: text,
  type: typeRule(jsonTypes),
  uniqueItems: yesOrNo,
  // Client-side field level encryption has its own rules, which mongod checks.
  encrypt: () => no,
  encryptMetadata: () => no,
};

function schemaFlaws(document: Readonly<Record<string, unknown>>, path: Path): Flaw[] {
  return Object.entries(document).flatMap(([keyword, value]): Flaw[] => {
    const at = [...path, keyword];
    if (!Object.hasOwn(rules, keyword)) {
      const hint = Object.hasOwn(instead, keyword) ? `: ${instead[keyword]}` : '';
      return [{ path: at, message: `is not a keyword of MongoDB's $jsonSchema${hint}` }];
    }
    return rules[keyword]?.(value, at, document) ?? no;
  });
}

/** Errors for which MongoDB rejects a `$jsonSchema` document. Patterns are not checked here, only by MongoDB. */
export function jsonSchemaFlaws(document: Readonly<Record<string, unknown>>): Flaw[] {
  return schemaFlaws(document, []).slice(0, maxReported);
}

/** Every document has an `_id`, so every part that all documents must match has to allow it. */
function idFlaws(document: Readonly<Record<string, unknown>>, path: Path): Flaw[] {
  const { additionalProperties, properties, patternProperties, allOf } = document;
  const isNamed =
    Object.hasOwn(asObject(properties) ?? {}, '_id') || Object.keys(asObject(patternProperties) ?? {}).length > 0;
  return [
    ...must(
      additionalProperties !== false || isNamed,
      [...path, 'additionalProperties'],
      'excludes _id, which every document has: add _id to properties',
    ),
    ...(Array.isArray(allOf) ? allOf : []).flatMap((item, place) =>
      idFlaws(asObject(item) ?? {}, [...path, 'allOf', place]),
    ),
  ];
}

function isOfObjects(type: unknown): boolean {
  return type === undefined || [type].flat().includes('object');
}

/** Why no document can match. MongoDB accepts such a schema and then rejects every document. */
export function unfitFlaws(document: Readonly<Record<string, unknown>>): Flaw[] {
  return [
    ...idFlaws(document, []),
    ...(['type', 'bsonType'] as const).flatMap((keyword) =>
      must(isOfObjects(document[keyword]), [keyword], 'must be "object", because every document is an object'),
    ),
  ];
}
