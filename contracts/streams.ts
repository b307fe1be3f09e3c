import { z } from 'zod';
import { nameSchema, timeSchema, uidSchema } from './identifiers.ts';
import { tenantSchema } from './manifests/tenant.ts';
import { operationSchema } from './operation.ts';
import type { PolicyAction } from './policy.ts';
import type { ProblemCode } from './problems.ts';
import { tenantFilter } from './routes/tenant-routes.ts';

/** What one stream of server-sent events promises. It answers 200 with `text/event-stream`, or with a problem before it begins. */
export interface StreamContract {
  readonly method: 'GET';
  readonly path: string;
  readonly summary: string;
  readonly action: PolicyAction;
  readonly query: z.ZodType;
  /** The data of each event, by its name. */
  readonly events: Readonly<Record<string, z.ZodType>>;
  /** Problems beyond those that every route can answer with. */
  readonly problems: readonly ProblemCode[];
}

/** Comes first, and then whenever nothing else has come for a while: its id says from where a stream may be gone on with. */
const bookmarkSchema = z.strictObject({ time: timeSchema }).meta({ title: 'Bookmark' });

/** The tenant was purged, or no longer fits the filter. It may never have been shown. */
const goneSchema = z.strictObject({ uid: uidSchema }).meta({ title: 'TenantGone' });

const problems = ['watch_expired', 'watch_unavailable', 'not_found'] as const satisfies readonly ProblemCode[];

export const streams = {
  watchTenants: {
    method: 'GET',
    path: '/v1/tenants:watch',
    action: 'tenant.list',
    problems,
    summary:
      'Be told of every change of the tenants that fit the filter. Take the first bookmark, list, then go by the events: the last one of a tenant says how it is; one with a lower revision than is known is old.',
    query: z.strictObject({ ...tenantFilter, name: nameSchema.optional().meta({ description: 'Only this one' }) }),
    events: { tenant: tenantSchema, gone: goneSchema, bookmark: bookmarkSchema },
  },
  watchOperations: {
    method: 'GET',
    path: '/v1/operations:watch',
    action: 'operation.list',
    problems,
    summary: 'Be told of every change of operations: accepted, each step, the end.',
    query: z.strictObject({
      tenant: nameSchema.optional().meta({ description: 'Only of this tenant' }),
      id: uidSchema.optional().meta({ description: 'Only this one' }),
    }),
    events: { operation: operationSchema, bookmark: bookmarkSchema },
  },
} as const satisfies Record<string, StreamContract>;

export type Streams = typeof streams;
export type StreamId = keyof Streams;
export type StreamQuery<Id extends StreamId> = z.infer<Streams[Id]['query']>;
/** One event of a stream: its name and its data. */
export type StreamEvent<Id extends StreamId> = {
  [Name in keyof Streams[Id]['events']]: {
    readonly event: Name;
    readonly data: Streams[Id]['events'][Name] extends z.ZodType ? z.infer<Streams[Id]['events'][Name]> : never;
  };
}[keyof Streams[Id]['events']];
