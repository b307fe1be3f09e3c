import { z } from 'zod';
import type { RouteContract } from '../../../contracts/routes/route-contract.ts';
import type { StreamContract } from '../../../contracts/streams.ts';

/** What an optional schema takes where something is there. */
export function required(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodOptional ? required(schema.unwrap() as z.ZodType) : schema;
}

export function titleOf(schema: z.ZodType): string | undefined {
  return z.globalRegistry.get(schema)?.title;
}

/** The schema of a list's items, where this is a list. */
export function itemsOf(schema: z.ZodType): z.ZodType | undefined {
  const items: unknown = schema instanceof z.ZodObject ? schema.shape['items'] : undefined;
  return items instanceof z.ZodArray ? (items.element as z.ZodType) : undefined;
}

/** What a route answers under one status. */
export interface Answer {
  readonly status: number;
  /** Several where a query parameter makes the difference: first what is answered without it. */
  readonly schemas: readonly z.ZodType[];
  /** The query parameter without which this status is not answered. */
  readonly onlyWith: string | undefined;
}

/** Every answer of a route that is no problem. */
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

/** Whether a query takes this parameter. */
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

/** What routes take and answer, and what streams carry. */
export function documentsOf(routes: readonly RouteContract[], streams: readonly StreamContract[]): z.ZodType[] {
  return [
    ...routes.flatMap((route) => [
      ...(route.body === undefined ? [] : [route.body]),
      ...answersOf(route).flatMap(({ schemas }) => schemas),
    ]),
    ...streams.flatMap(({ events }) => Object.values(events)),
  ];
}

/** Every schema with a title in these documents, by its title. @throws Error when two have one title */
export function titledSchemas(documents: readonly z.ZodType[]): Record<string, z.ZodType> {
  const titled = new Map<string, z.ZodType>();
  for (const schema of documents.flatMap((root) => [...parts(root)])) {
    const title = titleOf(schema);
    if (title === undefined) continue;
    if ((titled.get(title) ?? schema) !== schema)
      throw new Error(`two schemas are called ${title}: give one of them another title in contracts/`);
    titled.set(title, schema);
  }
  return Object.fromEntries(titled);
}
