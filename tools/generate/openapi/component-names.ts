import type { createDocument, oas31 } from 'zod-openapi';

export type OpenApiDocument = ReturnType<typeof createDocument>;
type OperationObject = oas31.OperationObject;
type Schemas = NonNullable<NonNullable<OpenApiDocument['components']>['schemas']>;

const reference = /"#\/components\/schemas\/([^"]+)"/g;
const suffix = 'Output';

/** The schemas that a part of a document references, directly or indirectly. */
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

/** The parts of requests. */
function requestsOf({ paths = {}, components }: OpenApiDocument): unknown {
  const operations = Object.values(paths).flatMap((item) => Object.values(item as Record<string, OperationObject>));
  return [components?.parameters, operations.map(({ parameters, requestBody }) => [parameters, requestBody])];
}

/**
 * zod-openapi creates every named schema twice, as input and as output, and names the second `…Output` if it differs.
 * Our schemas are used only as one or the other, so each keeps its plain name, and unreferenced ones are removed.
 * @throws Error if a schema is needed in both forms
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
      `${plain(twice)} is used as input and as output in two forms: give the input schema its own title in contracts/`,
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
