import type { createDocument, oas31 } from 'zod-openapi';

export type OpenApiDocument = ReturnType<typeof createDocument>;
type OperationObject = oas31.OperationObject;
type Schemas = NonNullable<NonNullable<OpenApiDocument['components']>['schemas']>;

const reference = /"#\/components\/schemas\/([^"]+)"/g;
const suffix = 'Output';

/** The schemas that a part of a document leads to. */
function reached(part: unknown, schemas: Schemas): Set<string> {
  const found = new Set<string>();
  const follow = (from: unknown): void => {
    for (const [, name = ''] of JSON.stringify(from).matchAll(reference)) {
      if (found.has(name)) continue;
      found.add(name);
      follow(schemas[name] ?? {});
    }
  };
  follow(part);
  return found;
}

/** What requests are made of. */
function requestsOf({ paths = {}, components }: OpenApiDocument): unknown {
  const operations = Object.values(paths).flatMap((item) => Object.values(item as Record<string, OperationObject>));
  return [components?.parameters, operations.map(({ parameters, requestBody }) => [parameters, requestBody])];
}

/**
 * zod-openapi makes every named schema twice, as it is taken and as it is answered, and calls the second `…Output` where it differs. Ours are
 * either the one or the other: each has its plain name, and what nothing leads to goes.
 * @throws Error when a schema is needed in two forms
 */
export function withPlainNames(document: OpenApiDocument): OpenApiDocument {
  const { schemas = {}, ...components } = document.components ?? {};
  const answered = Object.keys(schemas).filter(
    (name) => name.endsWith(suffix) && name.slice(0, -suffix.length) in schemas,
  );
  const plain = (name: string): string => (answered.includes(name) ? name.slice(0, -suffix.length) : name);
  const taken = reached(requestsOf(document), schemas);
  const twice = answered.find((name) => taken.has(plain(name)));
  if (twice !== undefined)
    throw new Error(
      `${plain(twice)} is both taken and answered, in two forms: give what is taken a title of its own in contracts/`,
    );

  const renamed = <Part>(part: Part): Part =>
    JSON.parse(
      JSON.stringify(part).replaceAll(reference, (_, name: string) => `"#/components/schemas/${plain(name)}"`),
    ) as Part;
  const named = renamed({
    ...schemas,
    ...Object.fromEntries(answered.map((name) => [plain(name), schemas[name] ?? {}])),
  });
  const rest = renamed({ ...document, components });
  const needed = [...reached(rest, named)].toSorted((a, b) => a.localeCompare(b, 'en'));
  return {
    ...rest,
    components: { schemas: Object.fromEntries(needed.map((name) => [name, named[name] ?? {}])), ...rest.components },
  };
}
