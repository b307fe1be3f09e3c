import { z } from 'zod';
import type { ZodOpenApiMediaTypeObject, ZodOpenApiOperationObject, ZodOpenApiResponseObject } from 'zod-openapi';
import type { RouteContract } from '../../../contracts/routes/route-contract.ts';
import type { ExampleBook } from './examples.ts';
import { answerHeaders, canBeUnchanged, isRevised, requestHeaders } from './headers.ts';
import type { LinkBook, RouteTable } from './links.ts';
import type { ProblemBook } from './problem-responses.ts';
import { answersOf, required, titleOf } from './schema-parts.ts';
import type { Answer } from './schema-parts.ts';

export interface OperationBooks {
  readonly examples: ExampleBook;
  readonly links: LinkBook;
  readonly refusals: ProblemBook;
}

/** The resource of a route: the first segment of its path after the version. */
export function tagOf({ path }: Pick<RouteContract, 'path'>): string {
  const [, , collection = ''] = path.split(/[/:]/);
  return collection;
}

const meanings: Readonly<Record<number, string>> = {
  200: 'Done.',
  201: 'Created.',
  202: 'Accepted; the work continues.',
};

function describedAnswer({ status, schemas, onlyWith }: Answer, { responsesWith }: RouteContract): string {
  if (onlyWith !== undefined) return `Only with \`${onlyWith}\`.`;
  const [, ...others] = schemas.map((schema) => titleOf(schema) ?? 'another document');
  return `${meanings[status] ?? ''}${others.length === 0 ? '' : ` With \`${responsesWith?.parameter}\`, ${others.join(', ')}.`}`;
}

function response(
  id: string,
  route: RouteContract,
  answer: Answer,
  { examples, links }: OperationBooks,
): ZodOpenApiResponseObject {
  const { status, schemas, onlyWith } = answer;
  const [schema = z.unknown()] = schemas;
  const content: ZodOpenApiMediaTypeObject = {
    // Their required fields distinguish the documents, because each may allow additional fields.
    schema: schemas.length === 1 ? schema : z.union(schemas).meta({ unionOneOf: true }),
    examples: Object.assign({}, ...schemas.map((one) => examples.ofAnswer(one, status))),
  };
  return {
    description: describedAnswer(answer, route),
    headers: answerHeaders(route, answer),
    content: { 'application/json': content },
    // No links from a response to a parameter: the resource may not exist for the next request.
    ...(onlyWith === undefined ? { links: links.ofAnswer(id, status, schema) } : {}),
  };
}

export function described({
  summary,
  action,
  deprecation,
}: Pick<RouteContract, 'summary' | 'action' | 'deprecation'>): { summary: string; description: string } {
  const end = summary.indexOf('. ');
  const [short, rest] = end === -1 ? [summary, ''] : [summary.slice(0, end + 1), summary.slice(end + 2)];
  const ending =
    deprecation === undefined
      ? ''
      : `Deprecated since ${deprecation.since}${deprecation.sunset === undefined ? '' : `, can be removed after ${deprecation.sunset}`}: ${deprecation.fix}`;
  return {
    summary: short,
    description: [rest, `Policy action: \`${action}\`.`, ending].filter((part) => part !== '').join('\n\n'),
  };
}

function withExamples(table: RouteTable, { path, params }: RouteContract, examples: ExampleBook): z.ZodObject {
  const shape = (params as z.ZodObject).shape as Record<string, z.ZodType>;
  return z.object(
    Object.fromEntries(
      Object.entries(shape).map(([name, schema]) => {
        const example = examples.ofParameter(Object.values(table), path, name);
        return [name, example === undefined ? schema : schema.meta({ ...schema.meta(), param: { example } })];
      }),
    ),
  );
}

/** A route as an OpenAPI operation. */
export function operationOf(id: string, table: RouteTable, books: OperationBooks): ZodOpenApiOperationObject {
  const route = table[id]!;
  const { body, query, deprecation } = route;
  const answers = answersOf(route);
  return {
    operationId: id,
    tags: [tagOf(route)],
    ...described(route),
    ...(deprecation === undefined ? {} : { deprecated: true }),
    requestParams: {
      path: withExamples(table, route, books.examples),
      query: query as z.ZodObject,
      header: z.object(requestHeaders(route)),
    },
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: !body.safeParse({}).success,
            content: { 'application/json': { schema: required(body), examples: books.examples.ofBody(id, body) } },
          },
        }),
    responses: {
      ...Object.fromEntries(answers.map((answer) => [answer.status, response(id, route, answer, books)])),
      ...(canBeUnchanged(route)
        ? {
            304: {
              description: 'An ETag in If-None-Match is current.',
              headers: answerHeaders(route, {
                status: 304,
                schemas: answers.flatMap(({ schemas }) => schemas.filter(isRevised)),
                onlyWith: undefined,
              }),
            },
          }
        : {}),
      ...books.refusals.of(route),
    },
  };
}
