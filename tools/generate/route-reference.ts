import { z } from 'zod';
import { problems } from '../../contracts/problems.ts';
import type { ProblemCode } from '../../contracts/problems.ts';
import { routes } from '../../contracts/routes.ts';
import { commonProblems } from '../../contracts/routes/route-contract.ts';
import type { RouteContract } from '../../contracts/routes/route-contract.ts';
import { streams } from '../../contracts/streams.ts';
import type { StreamContract } from '../../contracts/streams.ts';
import { contractDocuments, contractNames, contractSchemaPath } from './contract-schemas.ts';
import type { JsonSchema } from './contract-schemas.ts';
import type { GeneratedFile } from './generated-file.ts';
import { markdownPage, markdownTable, plainText } from './markdown.ts';

const schemaLinks = new Map(
  contractNames.map((name) => [
    z.globalRegistry.get(contractDocuments[name].schema)?.title,
    `../../${contractSchemaPath(name)}`,
  ]),
);

/** A short form of a document: the link to its schema if it has one, else its fields. */
function shape(schema: JsonSchema): string {
  const link = schemaLinks.get(schema.title);
  if (link !== undefined) return `[${schema.title}](${link})`;
  if (schema.type === 'array') return `${shape(schema.items as JsonSchema)}[]`;
  if (schema.anyOf !== undefined) return `(${schema.anyOf.map(shape).join(' or ')})`;
  if (schema.properties === undefined) return schema.type === undefined ? 'any JSON' : String(schema.type);
  const fields = Object.entries(schema.properties).map(
    ([name, field]) =>
      `\`${name}\`${schema.required?.includes(name) === true ? '' : '?'}: ${shape(field as JsonSchema)}`,
  );
  return fields.length === 0 ? '`{}`' : `{ ${fields.join(', ')} }`;
}

function queryTable(query: z.ZodType): string[] {
  const { properties = {}, required = [] } = z.toJSONSchema(query, { io: 'input' });
  const rows = Object.entries(properties).map(([name, field]) => {
    const { enum: values, minimum, maximum, default: fallback, type, description } = field as JsonSchema;
    // Query parameters are strings; a coerced one has no type in the input schema.
    const takes =
      description ??
      values?.join(', ') ??
      (maximum === undefined ? (type ?? 'string') : `${minimum ?? ''} to ${maximum}`);
    return [
      `\`${name}\``,
      String(takes),
      fallback === undefined ? '' : plainText(fallback),
      required.includes(name) ? 'yes' : 'no',
    ];
  });
  return rows.length === 0 ? [] : ['Query:', markdownTable(['Parameter', 'Values', 'Default', 'Required'], rows)];
}

function headers({ body, idempotencyKey, precondition }: RouteContract): string {
  return [
    'Authorization',
    ...(body === undefined ? [] : ['Content-Type']),
    ...(idempotencyKey === 'none' ? [] : [`Idempotency-Key (${idempotencyKey})`]),
    ...(precondition === 'none' ? [] : ['If-Match or If-None-Match (required)']),
  ].join(', ');
}

function answers({ responses, responsesWith }: RouteContract): string {
  return [
    answersOf(responses),
    ...(responsesWith === undefined
      ? []
      : [`with \`${responsesWith.parameter}\`: ${answersOf(responsesWith.responses)}`]),
  ].join('; ');
}

function answersOf(responses: RouteContract['responses']): string {
  const statuses = Object.groupBy(Object.entries(responses), ([, schema]) =>
    shape(z.toJSONSchema(schema, { io: 'output' })),
  );
  return Object.entries(statuses)
    .map(([answer, entries = []]) => `${entries.map(([status]) => status).join(', ')} ${answer}`)
    .join('; ');
}

function problemLinks(codes: readonly ProblemCode[]): string {
  return codes
    .toSorted((a, b) => problems[a].status - problems[b].status || a.localeCompare(b, 'en'))
    .map((code) => `${problems[code].status} [${code}](problems.md#${code})`)
    .join(', ');
}

function section([id, route]: [string, RouteContract]): string {
  const { method, path, summary, action, query, body } = route;
  return [
    `## ${id}`,
    `\`${method} ${path}\``,
    summary,
    [
      `- Policy action: \`${action}\``,
      `- Headers: ${headers(route)}`,
      ...(body === undefined ? [] : [`- Body: ${shape(z.toJSONSchema(body, { io: 'input' }))}`]),
      `- Responses: ${answers(route)}`,
      `- Problems: ${route.problems.length === 0 ? 'only those common to all routes' : problemLinks(route.problems)}`,
    ].join('\n'),
    ...queryTable(query),
  ].join('\n\n');
}

function streamSection([id, { path, summary, action, query, events, problems: codes }]: [
  string,
  StreamContract,
]): string {
  return [
    `## ${id}`,
    `\`GET ${path}\``,
    summary,
    [
      `- Policy action: \`${action}\``,
      '- Headers: Authorization, Last-Event-ID (to resume after an event)',
      `- Responses: 200 \`text/event-stream\` with the events ${Object.entries(events)
        .map(([name, data]) => `\`${name}\`: ${shape(z.toJSONSchema(data, { io: 'output' }))}`)
        .join(', ')}`,
      `- Problems: ${problemLinks(codes)}`,
    ].join('\n'),
    ...queryTable(query),
  ].join('\n\n');
}

/** The reference of the API's routes. The anchor of each route is its id. */
export function routeReference(): GeneratedFile {
  const entries: [string, RouteContract][] = Object.entries(routes);
  const streamEntries: [string, StreamContract][] = Object.entries(streams);
  return markdownPage('docs/reference/routes.md', 'contracts/routes.ts', [
    '# Routes',
    'Requests and responses are JSON. Every status that a route does not list is a problem. `Authorization` is a bearer token. A repeated request with the same `Idempotency-Key` gets the response to the first one. Send the ETag that you read in `If-Match`, or `*` in `If-None-Match`. You can send `X-Correlation-Id` with every request; it is written to logs and ledger. `dryRun=true` needs no key. With `Prefer: wait=SECONDS` (at most 60), a route that would return 202 waits until its operation has ended and returns the status of a finished change; if the time runs out, it returns 202. `operation.state` shows the outcome. If a GET returned an ETag, send it in `If-None-Match` to get 304 when nothing has changed.',
    'A stream consists of server-sent events. It starts with a `bookmark` and repeats it whenever nothing else was sent for 15 s. It ends when the token expires or the process stops; open it again with `Last-Event-ID`. A 410 response means that the position has expired: open the stream without `Last-Event-ID`, list the resources, and continue from there.',
    'For programs, the same reference is available as the OpenAPI document [openapi.json](../../contracts/generated/openapi.json). The API serves it at `/openapi.json`, a page that shows it at `/docs`, and the meaning and fix of each problem at `/problems/<code>`. These paths require no token.',
    `Every route can return: ${problemLinks(commonProblems)}.`,
    markdownTable(
      ['Route', 'Method', 'Path', 'Summary', 'Policy action'],
      [...entries, ...streamEntries].map(([id, { method, path, summary, action }]) => [
        `[${id}](#${id.toLowerCase()})`,
        method,
        `\`${path}\``,
        summary,
        `\`${action}\``,
      ]),
    ),
    ...entries.map(section),
    ...streamEntries.map(streamSection),
  ]);
}
