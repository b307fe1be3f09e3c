/** A manifest as JSON, with types so loose that any part of it can be made invalid. */
export type Json = Record<string, unknown>;

export interface Sample {
  readonly name: string;
  readonly manifest: Json;
  /** JSON pointer of the invalid field, for refused samples. */
  readonly at?: string;
  /** Whether a JSON Schema validator refuses it too; the schema states all other rules only in its descriptions. */
  readonly jsonSchemaRefuses?: boolean;
}

const collection: Json = { name: 'orders' };
const service: Json = { name: 'shop', collections: [collection] };

export function tenant(spec: Json = {}, rest: Json = {}): Json {
  return {
    apiVersion: 'tenure/v1',
    kind: 'Tenant',
    metadata: { name: 'acme' },
    spec: { plan: 'startup', services: [service], ...spec },
    ...rest,
  };
}

/** A tenant with one collection. */
export function withCollection(fields: Json): Json {
  return tenant({ services: [{ ...service, collections: [{ ...collection, ...fields }] }] });
}

export function region(spec: Json = {}): Json {
  return {
    apiVersion: 'tenure/v1',
    kind: 'Region',
    metadata: { name: 'eu-west-1' },
    spec: { jurisdiction: 'EU', cells: [{ name: 'a' }], ...spec },
  };
}

export function plan(spec: Json = {}): Json {
  return {
    apiVersion: 'tenure/v1',
    kind: 'Plan',
    metadata: { name: 'startup' },
    spec: { isolationModes: ['dedicated'], quotas: { tables: 10 }, ...spec },
  };
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? { a: value } : [value];
  return value;
}

const outputMetadata = {
  uid: '01k9v3xq7m2c4e6g8j0npr2tvw',
  generation: 1,
  revision: 2,
  createTime: '2025-11-20T09:14:03.118Z',
  updateTime: '2025-11-20T09:14:03.118Z',
};
const entries = (count: number): Json =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`key${index}`, 'x']));
const index = (fields: Json): Json => withCollection({ indexes: [{ keys: [{ field: 'sku' }], ...fields }] });

export const accepted: readonly Sample[] = [
  { name: 'the smallest tenant', manifest: tenant() },
  {
    name: 'a tenant as it was read, with output-only metadata and status',
    manifest: tenant({}, { metadata: { name: 'acme', ...outputMetadata }, status: { lifecycle: 'Active', more: [1] } }),
  },
  { name: 'a lifecycle that can be declared', manifest: tenant({ lifecycle: 'Archived' }) },
  { name: '64 labels', manifest: tenant({}, { metadata: { name: 'acme', labels: entries(64) } }) },
  {
    name: 'a prefixed label',
    manifest: tenant({}, { metadata: { name: 'acme', labels: { 'team.example/owner': '' } } }),
  },
  { name: 'a JSON schema of the maximum depth', manifest: withCollection({ jsonSchema: { enum: [nested(22)] } }) },
  { name: 'an index over a nested field', manifest: index({ keys: [{ field: 'customer.address.zip', order: -1 }] }) },
  {
    name: 'an index of every order',
    manifest: withCollection({
      indexes: [1, -1, 'text', 'hashed', '2dsphere', '2d'].map((order, at) => ({ keys: [{ field: `f${at}`, order }] })),
    }),
  },
  {
    name: 'an index with every option that it can have',
    manifest: index({
      name: 'x',
      unique: true,
      sparse: false,
      hidden: true,
      partialFilterExpression: { $or: [{ sku: { $exists: true } }, { 'a.b': { $in: [1, null] } }] },
      collation: { locale: 'de', strength: 2 },
    }),
  },
  {
    name: 'indexes on every field',
    manifest: withCollection({
      indexes: [
        { keys: [{ field: '$**' }], wildcardProjection: { a: 1, _id: 0 } },
        { keys: [{ field: 'a.$**' }] },
        {
          keys: [{ field: '$**', order: 'text' }],
          weights: { '$**': 2 },
          default_language: 'german',
          language_override: 'tongue',
        },
      ],
    }),
  },
  {
    name: 'a JSON schema with a validation level and action',
    manifest: withCollection({
      jsonSchema: { bsonType: ['object'], properties: { _id: {} }, additionalProperties: false },
      validationLevel: 'moderate',
      validationAction: 'warn',
    }),
  },
  { name: 'a TTL index that expires at once', manifest: index({ expireAfterSeconds: 0 }) },
  { name: 'the smallest plan', manifest: plan() },
  { name: 'the smallest region', manifest: region() },
  { name: 'a region that accepts no tenants', manifest: region({ acceptsTenants: false }) },
];

/** Flaws that JSON Schema can express too. */
const malformed: readonly Omit<Required<Sample>, 'jsonSchemaRefuses'>[] = [
  { name: 'an unknown field of the manifest', manifest: tenant({}, { specs: {} }), at: '' },
  { name: 'an unknown field of the spec', manifest: tenant({ plam: 'x' }), at: '/spec' },
  {
    name: 'an unknown field deep down',
    manifest: index({ uniqe: true }),
    at: '/spec/services/0/collections/0/indexes/0',
  },
  {
    name: 'an unknown field of the metadata',
    manifest: tenant({}, { metadata: { name: 'acme', namespace: 'x' } }),
    at: '/metadata',
  },
  { name: 'another version', manifest: tenant({}, { apiVersion: 'tenure/v2' }), at: '/apiVersion' },
  { name: 'no spec', manifest: { apiVersion: 'tenure/v1', kind: 'Tenant', metadata: { name: 'acme' } }, at: '/spec' },
  { name: 'no plan', manifest: tenant({ plan: undefined }), at: '/spec/plan' },
  { name: 'a number instead of text', manifest: tenant({ displayName: 7 }), at: '/spec/displayName' },
  { name: 'text instead of a list', manifest: tenant({ services: 'shop' }), at: '/spec/services' },
  { name: 'null instead of an object', manifest: tenant({ residency: null }), at: '/spec/residency' },
  { name: 'no service', manifest: tenant({ services: [] }), at: '/spec/services' },
  { name: 'a lifecycle that only deletion reaches', manifest: tenant({ lifecycle: 'Deleted' }), at: '/spec/lifecycle' },
  {
    name: 'an empty list of regions, which would allow none',
    manifest: tenant({ residency: { allowedRegions: [] } }),
    at: '/spec/residency/allowedRegions',
  },
  {
    name: 'a jurisdiction in lower case',
    manifest: tenant({ residency: { jurisdictions: ['eu'] } }),
    at: '/spec/residency/jurisdictions/0',
  },
  { name: 'a name with a capital letter', manifest: tenant({}, { metadata: { name: 'Acme' } }), at: '/metadata/name' },
  { name: 'a name that ends in a hyphen', manifest: tenant({}, { metadata: { name: 'acme-' } }), at: '/metadata/name' },
  { name: 'a name of 64 letters', manifest: tenant({}, { metadata: { name: 'x'.repeat(64) } }), at: '/metadata/name' },
  {
    name: 'a label key with a space',
    manifest: tenant({}, { metadata: { name: 'acme', labels: { 'Bad Key': 'x' } } }),
    at: '/metadata/labels/Bad Key',
  },
  {
    name: 'a label value of 64 characters',
    manifest: tenant({}, { metadata: { name: 'acme', labels: { a: 'x'.repeat(64) } } }),
    at: '/metadata/labels/a',
  },
  {
    name: '65 labels',
    manifest: tenant({}, { metadata: { name: 'acme', labels: entries(65) } }),
    at: '/metadata/labels',
  },
  {
    name: '65 annotations',
    manifest: tenant({}, { metadata: { name: 'acme', annotations: entries(65) } }),
    at: '/metadata/annotations',
  },
  {
    name: 'a collection name with a dot',
    manifest: withCollection({ name: 'a.b' }),
    at: '/spec/services/0/collections/0/name',
  },
  {
    name: 'a collection name that MongoDB reserves',
    manifest: withCollection({ name: 'systemJs' }),
    at: '/spec/services/0/collections/0/name',
  },
  {
    name: 'an index on a field that begins with "$"',
    manifest: index({ keys: [{ field: 'a.$b' }] }),
    at: '/spec/services/0/collections/0/indexes/0/keys/0/field',
  },
  {
    name: 'an index on a field path with an empty part',
    manifest: index({ keys: [{ field: 'a..b' }] }),
    at: '/spec/services/0/collections/0/indexes/0/keys/0/field',
  },
  { name: 'an index without keys', manifest: index({ keys: [] }), at: '/spec/services/0/collections/0/indexes/0/keys' },
  {
    name: 'an index order that does not exist',
    manifest: index({ keys: [{ field: 'a', order: 2 }] }),
    at: '/spec/services/0/collections/0/indexes/0/keys/0/order',
  },
  {
    name: 'a cell without a budget',
    manifest: region({ cells: [{ name: 'a', tableBudget: 0 }] }),
    at: '/spec/cells/0/tableBudget',
  },
  { name: 'a region without cells', manifest: region({ cells: [] }), at: '/spec/cells' },
  { name: 'a plan without an isolation mode', manifest: plan({ isolationModes: [] }), at: '/spec/isolationModes' },
  { name: 'a plan with a fraction as a quota', manifest: plan({ quotas: { tables: 1.5 } }), at: '/spec/quotas/tables' },
];

/** Flaws that only the rules of Tenure exclude. */
const unsound: readonly Omit<Required<Sample>, 'jsonSchemaRefuses'>[] = [
  {
    name: 'two services with the same name',
    manifest: tenant({ services: [service, { name: 'shop', collections: [{ name: 'other' }] }] }),
    at: '/spec/services',
  },
  {
    name: 'two collections with the same name in one service',
    manifest: tenant({ services: [{ name: 'shop', collections: [collection, collection] }] }),
    at: '/spec/services',
  },
  {
    name: 'two collections with the same name in different services',
    manifest: tenant({ services: [service, { name: 'billing', collections: [collection] }] }),
    at: '/spec/services',
  },
  {
    name: 'an index that names a field twice',
    manifest: index({ keys: [{ field: 'a' }, { field: 'a', order: -1 }] }),
    at: '/spec/services/0/collections/0/indexes/0/keys',
  },
  {
    name: 'a region that names a cell twice',
    manifest: region({ cells: [{ name: 'a' }, { name: 'a', tableBudget: 5 }] }),
    at: '/spec/cells',
  },
  {
    name: 'a "$" key at the top of a JSON schema',
    manifest: withCollection({ jsonSchema: { $ref: '#' } }),
    at: '/spec/services/0/collections/0/jsonSchema/$ref',
  },
  {
    name: 'a "$" key deep in a JSON schema',
    manifest: withCollection({ jsonSchema: { anyOf: [{ properties: { a: { $where: 'x' } } }] } }),
    at: '/spec/services/0/collections/0/jsonSchema/anyOf/0/properties/a/$where',
  },
  {
    name: 'a NUL in a field name of a JSON schema',
    manifest: withCollection({ jsonSchema: { properties: { 'a\0b': {} } } }),
    at: '/spec/services/0/collections/0/jsonSchema/properties/a\0b',
  },
  {
    name: 'a NUL in a field name of a configuration',
    manifest: tenant({ config: { a: [{ 'b\0': 1 }] } }),
    at: '/spec/config/a/0/b\0',
  },
  {
    name: 'two indexes whose names collide',
    manifest: withCollection({ indexes: [{ keys: [{ field: 'a_1_b' }] }, { keys: [{ field: 'a' }, { field: 'b' }] }] }),
    at: '/spec/services/0/collections/0/indexes/1',
  },
  {
    name: 'two text indexes',
    manifest: withCollection({
      indexes: [{ keys: [{ field: 'a', order: 'text' }] }, { keys: [{ field: 'b', order: 'text' }] }],
    }),
    at: '/spec/services/0/collections/0/indexes/1/keys',
  },
  {
    name: 'the same index under two names',
    manifest: withCollection({
      indexes: [
        { name: 'x', keys: [{ field: 'a' }] },
        { name: 'y', keys: [{ field: 'a' }], expireAfterSeconds: 5 },
      ],
    }),
    at: '/spec/services/0/collections/0/indexes/1',
  },
  {
    name: 'the name of the index on _id',
    manifest: withCollection({ indexes: [{ name: '_id_', keys: [{ field: 'a' }] }] }),
    at: '/spec/services/0/collections/0/indexes/0/name',
  },
  {
    name: 'an option on the index on _id',
    manifest: withCollection({ indexes: [{ keys: [{ field: '_id' }], unique: true }] }),
    at: '/spec/services/0/collections/0/indexes/0/unique',
  },
  {
    name: 'a time to live on two fields',
    manifest: withCollection({ indexes: [{ keys: [{ field: 'a' }, { field: 'b' }], expireAfterSeconds: 5 }] }),
    at: '/spec/services/0/collections/0/indexes/0/expireAfterSeconds',
  },
  {
    name: 'an operator that partial indexes do not support',
    manifest: withCollection({
      indexes: [{ keys: [{ field: 'a' }], partialFilterExpression: { $or: [{ a: { $ne: 1 } }] } }],
    }),
    at: '/spec/services/0/collections/0/indexes/0/partialFilterExpression/$or/0/a/$ne',
  },
  {
    name: 'a filter that is too deep',
    manifest: withCollection({
      indexes: [{ keys: [{ field: 'a' }], partialFilterExpression: { a: nested(100_000) } }],
    }),
    at: `/spec/services/0/collections/0/indexes/0/partialFilterExpression/a${'/0/a'.repeat(8)}`,
  },
  {
    name: 'weights without a text field',
    manifest: withCollection({ indexes: [{ keys: [{ field: 'a' }], weights: { a: 2 } }] }),
    at: '/spec/services/0/collections/0/indexes/0/weights',
  },
  {
    name: 'null without quotes in a list of types',
    manifest: withCollection({ jsonSchema: { properties: { a: { bsonType: ['string', null] } } } }),
    at: '/spec/services/0/collections/0/jsonSchema/properties/a/bsonType/1',
  },
  {
    name: 'a type that MongoDB does not support',
    manifest: withCollection({ jsonSchema: { properties: { a: { type: 'integer' } } } }),
    at: '/spec/services/0/collections/0/jsonSchema/properties/a/type',
  },
  {
    name: 'a keyword that MongoDB does not support',
    manifest: withCollection({ jsonSchema: { items: [{ format: 'email' }] } }),
    at: '/spec/services/0/collections/0/jsonSchema/items/0/format',
  },
  {
    name: 'an empty list of required fields',
    manifest: withCollection({ jsonSchema: { required: [] } }),
    at: '/spec/services/0/collections/0/jsonSchema/required',
  },
  {
    name: 'a validation level without a schema',
    manifest: withCollection({ validationLevel: 'moderate' }),
    at: '/spec/services/0/collections/0/validationLevel',
  },
  {
    name: 'a JSON schema one level too deep',
    manifest: withCollection({ jsonSchema: { properties: nested(24) } }),
    at: `/spec/services/0/collections/0/jsonSchema/properties${'/0/a'.repeat(12)}`,
  },
  {
    name: 'a JSON schema deep enough to exhaust the stack',
    manifest: withCollection({ jsonSchema: { properties: nested(100_000) } }),
    at: `/spec/services/0/collections/0/jsonSchema/properties${'/0/a'.repeat(12)}`,
  },
  {
    name: 'a JSON schema with very many values',
    manifest: withCollection({ jsonSchema: { enum: Array.from({ length: 5000 }, (_, at) => at) } }),
    at: '/spec/services/0/collections/0/jsonSchema',
  },
];

export const refused: readonly Required<Sample>[] = [
  ...malformed.map((sample) => ({ ...sample, jsonSchemaRefuses: true })),
  ...unsound.map((sample) => ({ ...sample, jsonSchemaRefuses: false })),
];
