import { z } from 'zod';
import type { RouteContract } from '../../../contracts/routes/route-contract.ts';
import type { StreamContract } from '../../../contracts/streams.ts';

/** The schema inside an optional schema. */
export function required(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodOptional ? required(schema.unwrap() as z.ZodType) : schema;
}

export function titleOf(schema: z.ZodType): string | undefined {
  return z.globalRegistry.get(schema)?.title;
}

/** The schema of the items, if the schema is a list. */
export function itemsOf(schema: z.ZodType): z.ZodType | undefined {
  const items: unknown = schema instanceof z.ZodObject ? schema.shape['items'] : undefined;
  return items instanceof z.ZodArray ? (items.element as z.ZodType) : undefined;
}

/** The responses of a route for one status. */
export interface Answer {
  readonly status: number;
  /** Several if a query parameter changes the response: the first one is the response without it. */
  readonly schemas: readonly z.ZodType[];
  /** The query parameter that this status requires. */
  readonly onlyWith: string | undefined;
}

/** Every response of a route except problems. */
export function answersOf({ responses, responsesWith }: RouteContract): Answer[] {
  const other = responsesWith?.responses ?? {};
  const statuses = [...new Set([...Object.keys(responses), ...Object.keys(other)].map(Number))].toSorted(
    (a, b) => a - b,
  );
  return statuses.map((status) => ({
    status,
    schemas: [...new Set([responses[status], other[status]].filter((schema) => schema !== undefined))],
    onlyWith: responses[status] === undefined ? responsesWith?.parameter : undefined,
  }));
}

/** Whether a query has this parameter. */
export function takes(query: z.ZodType, parameter: string): boolean {
  return query instanceof z.ZodObject && parameter in query.shape;
}

function* parts(schema: z.ZodType): Generator<z.ZodType> {
  yield schema;
  if (schema instanceof z.ZodOptional) yield* parts(schema.unwrap() as z.ZodType);
  else if (schema instanceof z.ZodArray) yield* parts(schema.element as z.ZodType);
  else if (schema instanceof z.ZodUnion) for (const option of schema.options) yield* parts(option as z.ZodType);
  else if (schema instanceof z.ZodObject)
    for (const field of Object.values(schema.shape)) yield* parts(field as z.ZodType);
}

/** The bodies and responses of routes, and the events of streams. */
export function documentsOf(routes: readonly RouteContract[], streams: readonly StreamContract[]): z.ZodType[] {
  return [
    ...routes.flatMap((route) => [
      ...(route.body === undefined ? [] : [route.body]),
      ...answersOf(route).flatMap(({ schemas }) => schemas),
    ]),
    ...streams.flatMap(({ events }) => Object.values(events)),
  ];
}

/** Every schema with a title in these documents, by title. @throws Error if two schemas have the same title */
export function titledSchemas(documents: readonly z.ZodType[]): Record<string, z.ZodType> {
  const titled = new Map<string, z.ZodType>();
  for (const schema of documents.flatMap((root) => [...parts(root)])) {
    const title = titleOf(schema);
    if (title === undefined) continue;
    if ((titled.get(title) ?? schema) !== schema)
      throw new Error(`two schemas have the title ${title}: change one of them in contracts/`);
    titled.set(title, schema);
  }
  return Object.fromEntries(titled);
}
