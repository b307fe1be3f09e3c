import { z } from 'zod';
import { eventFilter, eventSchema, eventStart } from './event.ts';
import { nameSchema, timeSchema, uidSchema } from './identifiers.ts';
import { tenantSchema } from './manifests/tenant.ts';
import { operationSchema } from './operation.ts';
import type { PolicyAction } from './policy.ts';
import type { ProblemCode } from './problems.ts';
import { tenantFilter } from './routes/tenant-routes.ts';

/**
 * The contract of one stream of server-sent events. It returns 200 with `text/event-stream`, or a problem before it
 * starts.
 */
export interface StreamContract {
  readonly method: 'GET';
  readonly path: string;
  readonly summary: string;
  readonly action: PolicyAction;
  readonly query: z.ZodType;
  /** The data of each event, by event name. */
  readonly events: Readonly<Record<string, z.ZodType>>;
  /** Problems in addition to those that every route can return. */
  readonly problems: readonly ProblemCode[];
}

/** Sent first, and then whenever the stream has been silent for a while. A client can resume the stream from its id. */
const bookmarkSchema = z.strictObject({ time: timeSchema }).meta({ title: 'Bookmark' });

/** The tenant was purged or no longer matches the filter. The stream may never have shown it. */
const goneSchema = z.strictObject({ uid: uidSchema }).meta({ title: 'TenantGone' });

const problems = ['watch_expired', 'watch_unavailable', 'not_found'] as const satisfies readonly ProblemCode[];

export const streams = {
  watchTenants: {
    method: 'GET',
    path: '/v1/tenants:watch',
    action: 'tenant.list',
    problems,
    summary:
      'Watch the tenants that match the filter. Wait for the first bookmark, list the tenants, then apply the events. The last event of a tenant is its current state; ignore an event whose revision is lower than the one you know.',
    query: z.strictObject({ ...tenantFilter, name: nameSchema.optional().meta({ description: 'Only this tenant' }) }),
    events: { tenant: tenantSchema, gone: goneSchema, bookmark: bookmarkSchema },
  },
  watchOperations: {
    method: 'GET',
    path: '/v1/operations:watch',
    action: 'operation.list',
    problems,
    summary: 'Watch operations: an event when one is accepted, after each step, and at the end.',
    query: z.strictObject({
      tenant: nameSchema.optional().meta({ description: 'Only operations of this tenant' }),
      id: uidSchema.optional().meta({ description: 'Only this operation' }),
    }),
    events: { operation: operationSchema, bookmark: bookmarkSchema },
  },
  watchEvents: {
    method: 'GET',
    path: '/v1/events:watch',
    action: 'event.list',
    problems: ['event_cursor_invalid', 'watch_unavailable', 'not_found'],
    summary:
      'Watch events: first those since the given time or sequence, if there is one, then each as it happens, in the order in which they were committed. An id is also a cursor of `GET /v1/events` with the same filter.',
    query: z.strictObject({ ...eventStart, ...eventFilter }),
    events: { event: eventSchema, bookmark: bookmarkSchema },
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
