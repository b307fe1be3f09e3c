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

/** Every response header, for `components.headers`. `required`: sent by every response that lists it. */
export const responseHeaders = {
  'X-Request-Id': {
    required: true,
    description: 'Unique id of this request. The logs contain it.',
    schema: { ...text, format: 'uuid' },
  },
  'X-Correlation-Id': {
    required: true,
    description: 'The id that the request sent, or else the id of the request. Logs and ledger contain it.',
    schema: text,
  },
  ETag: {
    required: true,
    description: 'Revision of the returned resource. Send it in If-Match to change only this revision.',
    schema: { ...text, pattern: z.toJSONSchema(entityTagSchema).pattern! },
  },
  Location: {
    required: true,
    description: 'Path of the created resource, or of the operation to follow.',
    schema: { ...text, format: 'uri-reference' },
  },
  'Idempotency-Replayed': {
    description: '`true`: this is the response to an earlier request with the same key.',
    schema: { ...text, enum: ['true'] },
  },
  'Preference-Applied': { description: 'The preference that was applied.', schema: text, example: 'wait=30' },
  'Cache-Control': {
    required: true,
    description:
      'Whether the response may be cached: only for the same caller with revalidation each time, or not at all.',
    schema: text,
    example: 'private, no-cache',
  },
  Deprecation: {
    required: true,
    description: 'Time since which the route is deprecated (RFC 9745).',
    schema: { ...text, pattern: String.raw`^@\d+$` },
  },
  Sunset: { required: true, description: 'Time after which the route can be removed (RFC 8594).', schema: text },
  'Retry-After': {
    required: true,
    description: 'Seconds to wait before retrying.',
    schema: { type: 'integer', minimum: 1 },
  },
  'WWW-Authenticate': {
    required: true,
    description: 'The required authentication.',
    schema: text,
    example: 'Bearer realm="tenure"',
  },
  Allow: {
    required: true,
    description: 'The methods that the path allows.',
    schema: text,
    example: 'GET, HEAD, PUT, DELETE',
  },
  Link: {
    description:
      'The operation that blocks the request (rel="related"), or the documentation of the deprecation (rel="deprecation").',
    schema: text,
  },
} as const satisfies Record<string, ZodOpenApiHeaderObject>;

type ResponseHeader = keyof typeof responseHeaders;

function refer(...names: readonly ResponseHeader[]): oas32.HeadersObject {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

/** Whether a document has a revision. Such a response has an ETag. */
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

/** Whether a caller can wait for the outcome, because the accepted change is an operation. */
function canBeAwaited({ responses }: RouteContract): boolean {
  const accepted = responses[202];
  return accepted !== undefined && ['TenantChange', 'Operation'].includes(titleOf(accepted) ?? '');
}

/** The headers of a successful response. */
export function answerHeaders(route: RouteContract, { status, schemas, onlyWith }: Answer): oas32.HeadersObject {
  const sometimes = (name: ResponseHeader): oas32.HeadersObject => ({
    [name]: { ...responseHeaders[name], required: false },
  });
  const hasSecret = schemas.some((schema) => schema instanceof z.ZodObject && 'credential' in schema.shape);
  // The result of a dry run has no location and no ETag.
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
  'Links requests that serve one purpose: 1 to 128 letters, digits, "_", ".", ":" and "-". Any other value is ignored.',
  'onboarding-2025-11-042',
);
const keyMeaning =
  'Random key that the client creates. A repeated request with the same key gets the response to the first one. Ignored for dry runs.';
const idempotencyKey = {
  required: requestHeader(idempotencyKeySchema, 'IdempotencyKey', keyMeaning, '4be8a2c6-3a2b-4b7e-9d1f-0c9f6d1f2a55'),
  optional: requestHeader(
    idempotencyKeySchema.optional(),
    'OptionalIdempotencyKey',
    keyMeaning,
    '4be8a2c6-3a2b-4b7e-9d1f-0c9f6d1f2a55',
  ),
};
const matching = 'Change only this revision: the ETag that was read, or `*` for any existing revision.';
const ifMatch = {
  /** For routes that change an existing resource. */
  always: requestHeader(ifMatchSchema, 'IfMatch', matching, '"9"'),
  orCreate: requestHeader(
    ifMatchSchema.optional(),
    'IfMatchOrNone',
    `${matching} Send either this or If-None-Match, not both.`,
    '"9"',
  ),
};
// No example: a tool that fills in all examples would send both headers.
const ifNoneMatch = requestHeader(
  ifNoneMatchSchema.optional(),
  'IfNone',
  '`*`: only if the resource does not exist yet.',
);
const ifChanged = requestHeader(
  z.string().optional(),
  'IfChanged',
  'ETags that the client has cached. If one of them is current, the response is 304.',
  '"9"',
);
const prefer = requestHeader(
  z.string().optional(),
  'Prefer',
  '`wait=N`: wait up to N seconds, 1 to 60, for the operation to end (RFC 7240). Other preferences are ignored.',
  'wait=30',
);

/** The position from which to resume a stream. */
export const lastEventId = requestHeader(
  z.string().optional(),
  'LastEventId',
  'Id of the last event that was read. The stream resumes after it.',
);

/** The request headers of a route or stream, except the token. */
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

/** Whether a read can return 304, because it has an ETag. */
export function canBeUnchanged({ method, responses }: RouteContract): boolean {
  return method === 'GET' && Object.values(responses).some(isRevised);
}
