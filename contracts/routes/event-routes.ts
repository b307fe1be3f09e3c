import { z } from 'zod';
import { eventFilter, eventPageSchema, eventSchema, eventStart, eventTypeSchema } from '../event.ts';
import type { RouteContract } from './route-contract.ts';
import { byId, noParams, noQuery, page, read } from './route-contract.ts';

export const eventRoutes = {
  listEvents: {
    method: 'GET',
    path: '/v1/events',
    summary:
      'Read events, oldest first. The response always has a cursor: send it as `after` to read what has happened since.',
    action: 'event.list',
    params: noParams,
    query: z.strictObject({
      pageSize: page.pageSize,
      after: z.string().max(512).optional().meta({ description: 'The cursor of an earlier response' }),
      ...eventStart,
      ...eventFilter,
    }),
    responses: { 200: eventPageSchema },
    ...read,
    problems: ['event_cursor_invalid', 'not_found'],
  },
  getEvent: {
    method: 'GET',
    path: '/v1/events/{id}',
    summary: 'Read one event.',
    action: 'event.get',
    params: byId,
    query: noQuery,
    responses: { 200: eventSchema },
    ...read,
    problems: ['not_found'],
  },
  getEventTypes: {
    method: 'GET',
    path: '/v1/event-types',
    summary: 'List all types of events, with the schemas of their data.',
    action: 'event.list',
    params: noParams,
    query: noQuery,
    responses: { 200: z.strictObject({ items: z.array(eventTypeSchema) }) },
    ...read,
    problems: [],
  },
} as const satisfies Readonly<Record<string, RouteContract>>;
