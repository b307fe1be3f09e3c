import { z } from 'zod';
import type { oas32, ZodOpenApiHeaderObject } from 'zod-openapi';
import {
  entityTagSchema,
  idempotencyKeySchema,
  ifMatchSchema,
  ifNoneMatchSchema,
} from '../../../contracts/request-headers.ts';
import type { RouteContract } from '../../../contracts/routes/route-contract.ts';
import { takes, titleOf } from './schema-parts.ts';
import type { Answer } from './schema-parts.ts';

const text = { type: 'string' } as const;

/** Every header of an answer, as `components.headers` has it. `required`: where it is listed, it is sent. */
export const responseHeaders = {
  'X-Request-Id': {
    required: true,
    description: 'Of this request alone; the logs have it.',
    schema: { ...text, format: 'uuid' },
  },
  'X-Correlation-Id': {
    required: true,
    description: 'What was sent along, or the request’s own id; logs and ledger have it.',
    schema: text,
  },
  ETag: {
    required: true,
    description: 'The revision that was answered: send it in If-Match to change just that.',
    schema: { ...text, pattern: z.toJSONSchema(entityTagSchema).pattern! },
  },
  Location: {
    required: true,
    description: 'Path of what was made, or of where to see how it goes on.',
    schema: { ...text, format: 'uri-reference' },
  },
  'Idempotency-Replayed': {
    description: '`true`: this is the answer of an earlier request with the same key.',
    schema: { ...text, enum: ['true'] },
  },
  'Preference-Applied': { description: 'The preference that was honoured.', schema: text, example: 'wait=30' },
  'Cache-Control': {
    required: true,
    description: 'Whether a cache may keep it: for its own caller and asking each time, or not at all.',
    schema: text,
    example: 'private, no-cache',
  },
  Deprecation: {
    required: true,
    description: 'Since when the route should no longer be used (RFC 9745).',
    schema: { ...text, pattern: String.raw`^@\d+$` },
  },
  Sunset: { required: true, description: 'When it may stop answering (RFC 8594).', schema: text },
  'Retry-After': {
    required: true,
    description: 'Seconds after which it is worth asking again.',
    schema: { type: 'integer', minimum: 1 },
  },
  'WWW-Authenticate': {
    required: true,
    description: 'What has to be sent.',
    schema: text,
    example: 'Bearer realm="tenure"',
  },
  Allow: {
    required: true,
    description: 'The methods that the path takes.',
    schema: text,
    example: 'GET, HEAD, PUT, DELETE',
  },
  Link: {
    description:
      'The operation that is in the way (rel="related"); where the end of a deprecated route is explained (rel="deprecation").',
    schema: text,
  },
} as const satisfies Record<string, ZodOpenApiHeaderObject>;

type ResponseHeader = keyof typeof responseHeaders;

function refer(...names: readonly ResponseHeader[]): oas32.HeadersObject {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

/** Whether a document says which revision of a resource it shows; such an answer has an ETag. */
export function isRevised(schema: z.ZodType): boolean {
  if (!(schema instanceof z.ZodObject)) return false;
  const { metadata, tenant } = schema.shape as Record<string, z.ZodType | undefined>;
  return metadata instanceof z.ZodObject ? 'revision' in metadata.shape : tenant !== undefined && isRevised(tenant);
}

const always = ['X-Request-Id', 'X-Correlation-Id'] as const;

function ending({ deprecation }: Pick<RouteContract, 'deprecation'>): ResponseHeader[] {
  if (deprecation === undefined) return [];
  return deprecation.sunset === undefined ? ['Deprecation', 'Link'] : ['Deprecation', 'Sunset', 'Link'];
}

/** Whether a caller may wait for the outcome: what was accepted is an operation. */
function canBeAwaited({ responses }: RouteContract): boolean {
  const accepted = responses[202];
  return accepted !== undefined && ['TenantChange', 'Operation'].includes(titleOf(accepted) ?? '');
}

/** The headers of an answer that is no problem. */
export function answerHeaders(route: RouteContract, { status, schemas, onlyWith }: Answer): oas32.HeadersObject {
  const sometimes = (name: ResponseHeader): oas32.HeadersObject => ({
    [name]: { ...responseHeaders[name], required: false },
  });
  const hasSecret = schemas.some((schema) => schema instanceof z.ZodObject && 'credential' in schema.shape);
  // What is only rehearsed has no address and no tag.
  const canBeRehearsal = status === 200 && takes(route.query, 'dryRun');
  const isAlwaysRevised = schemas.every(isRevised) && !canBeRehearsal;
  return {
    ...refer(
      ...always,
      ...(status === 201 || status === 202 ? ['Location' as const] : []),
      ...(route.idempotencyKey === 'none' ? [] : ['Idempotency-Replayed' as const]),
      ...(canBeAwaited(route) ? ['Preference-Applied' as const] : []),
      ...(route.method === 'GET' || hasSecret ? ['Cache-Control' as const] : []),
      ...(isAlwaysRevised && schemas.length > 0 ? ['ETag' as const] : []),
      ...ending(route),
    ),
    ...(!isAlwaysRevised && onlyWith === undefined && schemas.some(isRevised) ? sometimes('ETag') : {}),
    ...(status === 200 && canBeAwaited(route) ? sometimes('Location') : {}),
  };
}

/** The headers of a stream. */
export function streamHeaders(): oas32.HeadersObject {
  return refer(...always, 'Cache-Control');
}

/** The headers of a problem. */
export function problemHeaders(route: Pick<RouteContract, 'deprecation'>, status: number): oas32.HeadersObject {
  const own: Partial<Record<number, ResponseHeader>> = {
    401: 'WWW-Authenticate',
    405: 'Allow',
    409: 'Link',
    429: 'Retry-After',
    503: 'Retry-After',
  };
  return refer(...always, ...(own[status] === undefined ? [] : [own[status]]), ...ending(route));
}

function requestHeader(schema: z.ZodType, id: string, description: string, example?: string): z.ZodType {
  return schema.meta({ description, param: { id, ...(example === undefined ? {} : { example }) } });
}

const correlationId = requestHeader(
  z.string().optional(),
  'CorrelationId',
  'Ties requests together that serve one purpose: 1 to 128 letters, digits, "_", ".", ":" and "-". Anything else is not kept.',
  'onboarding-2025-11-042',
);
const keyMeaning =
  'Random, of your making. A repeated request with the same key gets the answer of the first. A dry run takes none.';
const idempotencyKey = {
  required: requestHeader(idempotencyKeySchema, 'IdempotencyKey', keyMeaning, '4be8a2c6-3a2b-4b7e-9d1f-0c9f6d1f2a55'),
  optional: requestHeader(
    idempotencyKeySchema.optional(),
    'OptionalIdempotencyKey',
    keyMeaning,
    '4be8a2c6-3a2b-4b7e-9d1f-0c9f6d1f2a55',
  ),
};
const matching = 'Change only this revision: the ETag that was read, or `*` for whatever stands.';
const ifMatch = {
  /** Of what changes something that is there. */
  always: requestHeader(ifMatchSchema, 'IfMatch', matching, '"9"'),
  orCreate: requestHeader(
    ifMatchSchema.optional(),
    'IfMatchOrNone',
    `${matching} This or If-None-Match has to be sent, not both.`,
    '"9"',
  ),
};
// Without an example: a tool that fills in all that there are would send both.
const ifNoneMatch = requestHeader(ifNoneMatchSchema.optional(), 'IfNone', '`*`: only if there is none yet.');
const ifChanged = requestHeader(
  z.string().optional(),
  'IfChanged',
  'ETags that are known already: where one of them still holds, the answer is 304.',
  '"9"',
);
const prefer = requestHeader(
  z.string().optional(),
  'Prefer',
  '`wait=N`: wait up to N seconds, 1 to 60, for the operation to end (RFC 7240). Another preference is ignored.',
  'wait=30',
);

/** Where a stream is to be gone on with. */
export const lastEventId = requestHeader(
  z.string().optional(),
  'LastEventId',
  'The id of the last event that was read: the stream goes on after it.',
);

/** What a route takes in headers, or a stream with no route, but for the token. */
export function requestHeaders(route?: RouteContract): Record<string, z.ZodType> {
  if (route === undefined) return { 'X-Correlation-Id': correlationId };
  return {
    ...(route.idempotencyKey === 'none' ? {} : { 'Idempotency-Key': idempotencyKey[route.idempotencyKey] }),
    ...(route.precondition === 'none'
      ? {}
      : route.method === 'PUT'
        ? { 'If-Match': ifMatch.orCreate, 'If-None-Match': ifNoneMatch }
        : { 'If-Match': ifMatch.always }),
    ...(canBeUnchanged(route) ? { 'If-None-Match': ifChanged } : {}),
    ...(canBeAwaited(route) ? { Prefer: prefer } : {}),
    'X-Correlation-Id': correlationId,
  };
}

/** Whether a read can be answered with 304: it has an ETag. */
export function canBeUnchanged({ method, responses }: RouteContract): boolean {
  return method === 'GET' && Object.values(responses).some(isRevised);
}
