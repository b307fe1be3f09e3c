/**
 * The parts of a spec that can be any JSON are stored as text. BSON is not JSON: the driver reads an object such as
 * `{"$ref": …, "$id": …}` as a value of its own type, and writes back a different one.
 */
type FreeJson = 'config' | 'jsonSchema' | 'partialFilterExpression';

type Spec = Partial<Record<FreeJson, unknown>> & { readonly services?: readonly Service[] | null };
type Service = { readonly collections: readonly Collection[] };
type Collection = Partial<Record<FreeJson, unknown>> & {
  readonly indexes: readonly Partial<Record<FreeJson, unknown>>[];
};
type Convert = (value: unknown) => unknown;

function convertField<Holder extends Partial<Record<FreeJson, unknown>>>(
  holder: Holder,
  field: FreeJson,
  convert: Convert,
): Holder {
  // In the fields that an operation writes, null means that the field will be absent.
  return holder[field] === undefined || holder[field] === null
    ? holder
    : { ...holder, [field]: convert(holder[field]) };
}

function convertCollection(collection: Collection, convert: Convert): Collection {
  const indexes = collection.indexes.map((index) => convertField(index, 'partialFilterExpression', convert));
  return { ...convertField(collection, 'jsonSchema', convert), indexes };
}

function convertSpec(spec: Spec, convert: Convert): Spec {
  const converted = convertField(spec, 'config', convert);
  if (spec.services === undefined || spec.services === null) return converted;
  return {
    ...converted,
    services: spec.services.map((service) => ({
      ...service,
      collections: service.collections.map((collection) => convertCollection(collection, convert)),
    })),
  };
}

/** The fields in which a document holds a spec or parts of one: in a resource, a revision or an operation. */
const holders = ['spec', 'assign', 'restore', 'deferred'] as const;

function convertDocument<Document extends object>(document: Document, convert: Convert): Document {
  const specs = document as Partial<Record<(typeof holders)[number], Spec>>;
  const converted: typeof specs = {};
  for (const holder of holders)
    if (specs[holder] !== undefined) converted[holder] = convertSpec(specs[holder], convert);
  return Object.keys(converted).length === 0 ? document : { ...document, ...converted };
}

/** The document in its stored form. */
export function withTexts<Document extends object>(document: Document): Document {
  return convertDocument(document, (value) => JSON.stringify(value));
}

/** The document read from its stored form. */
export function withoutTexts<Document extends object>(document: Document): Document {
  return convertDocument(document, (text) => JSON.parse(String(text)) as unknown);
}
