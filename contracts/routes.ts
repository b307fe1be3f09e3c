import type { z } from 'zod';
import { accessRoutes } from './routes/access-routes.ts';
import { tenantRoutes } from './routes/tenant-routes.ts';
import { tenantReportRoutes } from './routes/tenant-report-routes.ts';
import { catalogRoutes } from './routes/catalog-routes.ts';
import { rolloutRoutes } from './routes/rollout-routes.ts';
import { operationRoutes } from './routes/operation-routes.ts';
import { auditRoutes } from './routes/audit-routes.ts';
import { eventRoutes } from './routes/event-routes.ts';
import { logRoutes } from './routes/log-routes.ts';
import { webhookRoutes } from './routes/webhook-routes.ts';
import type { RouteContract } from './routes/route-contract.ts';

/** Every route of the API, by its id. */
export const routes = {
  ...accessRoutes,
  ...tenantRoutes,
  ...tenantReportRoutes,
  ...catalogRoutes,
  ...rolloutRoutes,
  ...operationRoutes,
  ...eventRoutes,
  ...webhookRoutes,
  ...auditRoutes,
  ...logRoutes,
} as const satisfies Readonly<Record<string, RouteContract>>;

export type Routes = typeof routes;
export type RouteId = keyof Routes;
export type RouteParams<Id extends RouteId> = z.infer<Routes[Id]['params']>;
export type RouteQuery<Id extends RouteId> = z.infer<Routes[Id]['query']>;
export type RouteBody<Id extends RouteId> = Routes[Id]['body'] extends z.ZodType
  ? z.infer<Routes[Id]['body']>
  : undefined;
type Answer<Responses> = {
  [Status in keyof Responses]: Responses[Status] extends z.ZodType ? z.infer<Responses[Status]> : never;
}[keyof Responses];
export type RouteAnswer<Id extends RouteId> = Answer<Routes[Id]['responses']>;
/** The response when the parameter of `responsesWith` is sent. */
export type RouteAnswerWith<Id extends RouteId> = Routes[Id] extends { responsesWith: { responses: infer Responses } }
  ? Answer<Responses>
  : never;
/** What a caller may send: parameters with a default are optional. */
export type RouteQueryInput<Id extends RouteId> = z.input<Routes[Id]['query']>;
export type RouteBodyInput<Id extends RouteId> = Routes[Id]['body'] extends z.ZodType
  ? z.input<Routes[Id]['body']>
  : undefined;
