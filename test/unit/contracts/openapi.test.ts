import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import Ajv2020 from 'ajv/dist/2020.js';
import { z } from 'zod';
import { operationSchema } from '../../../contracts/operation.ts';
import { problemCodes, problems } from '../../../contracts/problems.ts';
import { routes } from '../../../contracts/routes.ts';
import { commonProblems } from '../../../contracts/routes/route-contract.ts';
import type { RouteContract } from '../../../contracts/routes/route-contract.ts';
import { streams } from '../../../contracts/streams.ts';
import { openApiDocument } from '../../../tools/generate/openapi/document.ts';

type Json = Record<string, any>;

const document = openApiDocument() as Json;
const table: [string, RouteContract][] = Object.entries(routes);

/** The part of the document at a pointer. Follows a reference there. */
function at(pointer: string, of: Json = document): Json {
  const found = pointer
    .split('/')
    .slice(1)
    .reduce<any>((part, key) => part?.[key.replaceAll('~1', '/').replaceAll('~0', '~')], of);
  assert.ok(found !== undefined, `there is nothing at ${pointer}`);
  return resolved(found, of);
}

function resolved(part: Json, of: Json = document): Json {
  return typeof part['$ref'] === 'string' ? at(part['$ref'].slice(1), of) : part;
}

function operation(id: string, of: Json = document): Json {
  const route = Object.values<Json>(of['paths'])
    .flatMap((item) => Object.values<Json>(item))
    .find(({ operationId }) => operationId === id);
  assert.ok(route !== undefined, `${id} is not in the document`);
  return route;
}

interface Place {
  readonly where: string;
  readonly media: Json;
}

/** Every body of the document: of requests, of answers and of problems. */
function places(): Place[] {
  return [...Object.keys(routes), ...Object.keys(streams)].flatMap((id) => {
    const { requestBody, responses } = operation(id);
    const answers = Object.entries<Json>(responses).map(([status, response]): [string, Json] => [
      `${id} ${status}`,
      resolved(response),
    ]);
    return [...(requestBody === undefined ? [] : [[`${id} body`, requestBody] as [string, Json]]), ...answers].flatMap(
      ([where, { content = {} }]) =>
        Object.entries<Json>(content).map(([type, media]) => ({ where: `${where} ${type}`, media })),
    );
  });
}

const ajv = new Ajv2020.default({ strict: false, validateFormats: false, allErrors: true });
ajv.addSchema({ $id: 'openapi', components: document['components'] });

function flawOf(schema: Json, value: unknown): string | undefined {
  const local = JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"openapi#/components')) as Json;
  return ajv.validate(local, value) ? undefined : ajv.errorsText();
}

describe('the OpenAPI document', () => {
  it('has every route and stream under its method, path and id, and nothing else', () => {
    const described = Object.entries<Json>(document['paths']).flatMap(([path, item]) =>
      Object.entries<Json>(item).map(([method, { operationId }]) => `${operationId} ${method.toUpperCase()} ${path}`),
    );
    assert.deepEqual(
      described.toSorted(),
      [...table, ...Object.entries(streams)].map(([id, { method, path }]) => `${id} ${method} ${path}`).toSorted(),
    );
  });

  it('describes everything that each route accepts and answers', () => {
    for (const [id, route] of table) {
      const { parameters, responses, requestBody, summary, tags } = operation(id);
      const taken = parameters
        .map((parameter: Json) => resolved(parameter))
        .map(({ in: part, name, required = false }: Json) => `${part} ${name}${required ? '' : '?'}`);
      assert.match(summary, /^[A-Z].*\.$/, id);
      assert.equal(tags.length, 1, id);
      for (const name of Object.keys((route.params as z.ZodObject).shape))
        assert.ok(taken.includes(`path ${name}`), `${id}: ${name}`);
      for (const [name, field] of Object.entries((route.query as z.ZodObject).shape)) {
        assert.ok(
          taken.includes(`query ${name}${(field as z.ZodType).safeParse(undefined).success ? '?' : ''}`),
          `${id}: ${name}`,
        );
      }
      const key = { required: 'header Idempotency-Key', optional: 'header Idempotency-Key?', none: undefined }[
        route.idempotencyKey
      ];
      assert.deepEqual(
        taken.filter((parameter: string) => parameter.includes('Idempotency-Key')),
        key === undefined ? [] : [key],
        id,
      );
      assert.deepEqual(
        taken.filter((parameter: string) => parameter.startsWith('header If-Match')),
        route.precondition === 'none' ? [] : [route.method === 'PUT' ? 'header If-Match?' : 'header If-Match'],
        id,
      );
      assert.equal(
        taken.includes('header Prefer?'),
        202 in route.responses && !['startRollout', 'verifyIsolationOfTenant'].includes(id),
        `${id}: Prefer is for routes that start an operation`,
      );
      assert.equal(requestBody !== undefined, route.body !== undefined, id);
      const promised = [
        ...Object.keys(route.responses),
        ...[...commonProblems, ...route.problems].map((code) => String(problems[code].status)),
      ];
      for (const status of promised) assert.ok(status in responses, `${id}: ${status}`);
      assert.equal('304' in responses, route.method === 'GET' && 'ETag' in resolved(responses[200])['headers'], id);
    }
  });

  it('names under each status exactly the problems that the route can answer with', () => {
    for (const [id, route] of [...table, ...Object.entries(streams)]) {
      const named = Object.values<Json>(operation(id)['responses']).flatMap((response) =>
        Object.keys(resolved(response)['content']?.['application/problem+json']?.examples ?? {}),
      );
      assert.deepEqual(named.toSorted(), [...commonProblems, ...route.problems].toSorted(), id);
    }
  });

  it('describes the events of every stream, each with its schema', () => {
    for (const [id, { events }] of Object.entries(streams)) {
      const { parameters, responses } = operation(id);
      assert.ok(
        parameters.some((parameter: Json) => resolved(parameter)['name'] === 'Last-Event-ID'),
        id,
      );
      const { 'text/event-stream': stream, ...others } = responses[200].content;
      assert.deepEqual([Object.keys(stream['x-events']), Object.keys(others)], [Object.keys(events), []], id);
      for (const schema of Object.values<Json>(stream['x-events'])) assert.ok('properties' in resolved(schema), id);
    }
  });

  it('has every code of the problem catalogue', () =>
    assert.deepEqual(at('/components/schemas/Problem')['properties'].code.enum, problemCodes));

  it('has an example of every body, and each example matches its schema', () => {
    for (const { where, media } of places()) {
      const examples = Object.entries<Json>(media['examples'] ?? {});
      assert.ok(examples.length > 0, `${where} has no example`);
      for (const [name, example] of examples)
        assert.equal(flawOf(media['schema'], resolved(example)['value']), undefined, `${where}, example ${name}`);
    }
  });

  it('has examples of parameters, and each example matches its schema', () => {
    for (const [id] of table) {
      for (const parameter of operation(id)['parameters'].map((one: Json) => resolved(one))) {
        if (parameter.in === 'path') assert.ok(parameter.example !== undefined, `${id}: ${parameter.name}`);
        if (parameter.example !== undefined)
          assert.equal(flawOf(parameter.schema, parameter.example), undefined, `${id}: ${parameter.name}`);
      }
    }
  });

  it('contains only references and links that have a target', () => {
    for (const [, pointer = ''] of JSON.stringify(document).matchAll(/"\$ref":"#([^"]+)"/g)) at(pointer);
    for (const { operationId, parameters } of Object.values<Json>(document['components'].links)) {
      const { parameters: declared } = operation(operationId);
      const taken = declared
        .map((parameter: Json) => resolved(parameter))
        .map(({ in: part, name }: Json) => `${part}.${name}`);
      for (const parameter of Object.keys(parameters))
        assert.ok(taken.includes(parameter), `${operationId}: ${parameter}`);
    }
  });

  it('is strict for requests and open for answers', () => {
    const manifest = at('/components/schemas/TenantManifest');
    assert.equal(manifest['additionalProperties'], false);
    assert.equal(at('/components/schemas/Tenant')['additionalProperties'], undefined);
    assert.ok(
      flawOf(manifest, { ...(at('/components/examples/tenant-manifest.full')['value'] as Json), unheard: 1 })?.includes(
        'additional properties',
      ),
    );
  });

  it('lists both answers of a route that answers differently with a parameter', () => {
    const { schema } = operation('getTenant')['responses'][200].content['application/json'];
    assert.deepEqual(
      schema.oneOf.map(({ $ref }: Json) => $ref),
      ['#/components/schemas/Tenant', '#/components/schemas/TenantRevision'],
    );
  });
});

describe('the OpenAPI document of a route', () => {
  const route: RouteContract = {
    method: 'GET',
    path: '/v1/things/{id}',
    summary: 'Read a thing. It may be old.',
    action: 'operation.get',
    params: z.strictObject({ id: z.string() }),
    query: z.strictObject({}),
    body: undefined,
    responses: { 200: operationSchema },
    idempotencyKey: 'none',
    precondition: 'none',
    problems: [],
  };
  const of = (changes: Partial<RouteContract>): Json => openApiDocument({ thing: { ...route, ...changes } }, {});

  it('that is deprecated says since when, until when and what to do instead', () => {
    const made = of({
      deprecation: { since: '2026-11-01T00:00:00Z', sunset: '2027-05-01T00:00:00Z', fix: 'Use the other.' },
    });
    const { deprecated, description, responses } = operation('thing', made);
    assert.equal(deprecated, true);
    assert.match(description, /2026-11-01.*2027-05-01.*Use the other\./);
    for (const response of Object.values<Json>(responses))
      for (const header of ['Deprecation', 'Sunset']) assert.ok(header in resolved(response, made)['headers']);
    assert.equal(operation('thing', of({}))['deprecated'], undefined);
  });

  it('cannot be generated if an answer or a body has no example', () => {
    assert.throws(
      () => of({ responses: { 200: z.strictObject({ a: z.string() }) } }),
      /has no example: make it a contract/,
    );
    assert.throws(
      () => of({ method: 'POST', body: z.strictObject({ a: z.string() }) }),
      /the body of thing has no example/,
    );
  });
});
