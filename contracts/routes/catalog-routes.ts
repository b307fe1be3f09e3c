import type { z } from 'zod';
import { planManifestSchema, planSchema } from '../manifests/plan.ts';
import { regionManifestSchema, regionSchema } from '../manifests/region.ts';
import { tenantTemplateManifestSchema, tenantTemplateSchema } from '../manifests/tenant-template.ts';
import { webhookEndpointManifestSchema, webhookEndpointSchema } from '../manifests/webhook-endpoint.ts';
import type { RouteContract } from './route-contract.ts';
import {
  apply,
  byName,
  changeQuery,
  listOf,
  listQuery,
  noParams,
  noQuery,
  putProblems,
  read,
} from './route-contract.ts';

/** Kinds that are only declared: no operation runs for them. */
type DeclaredKind = 'plan' | 'region' | 'template' | 'webhook';

function listDeclared<Kind extends DeclaredKind, Item extends z.ZodType>(kind: Kind, item: Item) {
  return {
    method: 'GET',
    path: `/v1/${kind}s`,
    summary: `List the ${kind}s.`,
    action: `${kind}.list`,
    params: noParams,
    query: listQuery,
    responses: { 200: listOf(item) },
    ...read,
    problems: ['page_token_invalid'],
  } as const;
}

function getDeclared<Kind extends DeclaredKind, Item extends z.ZodType>(
  kind: Kind,
  item: Item,
  summary = `Read one ${kind}.`,
) {
  return {
    method: 'GET',
    path: `/v1/${kind}s/{name}`,
    summary,
    action: `${kind}.get`,
    params: byName,
    query: noQuery,
    responses: { 200: item },
    ...read,
    problems: ['not_found'],
  } as const;
}

function putDeclared<Kind extends DeclaredKind, Manifest extends z.ZodType, Item extends z.ZodType>(
  kind: Kind,
  manifest: Manifest,
  item: Item,
  summary = `Declare a ${kind}: create or replace it.`,
) {
  return {
    method: 'PUT',
    path: `/v1/${kind}s/{name}`,
    summary,
    action: `${kind}.apply`,
    params: byName,
    query: changeQuery,
    body: manifest,
    responses: { 200: item, 201: item },
    ...apply,
    problems: putProblems,
  } as const;
}

function deleteDeclared<Kind extends DeclaredKind, Item extends z.ZodType>(kind: Kind, item: Item) {
  return {
    method: 'DELETE',
    path: `/v1/${kind}s/{name}`,
    summary: `Delete a ${kind} that is not in use.`,
    action: `${kind}.delete`,
    params: byName,
    query: changeQuery,
    body: undefined,
    responses: { 200: item },
    ...apply,
    problems: [
      'idempotency_in_progress',
      'idempotency_key_reused',
      'not_found',
      'already_exists',
      'precondition_failed',
      'revision_stale',
      'precondition_required',
      'resource_in_use',
      'ledger_behind',
    ],
  } as const;
}

export const catalogRoutes = {
  listTemplates: listDeclared('template', tenantTemplateSchema),
  getTemplate: getDeclared('template', tenantTemplateSchema, 'Read the latest version of a template.'),
  putTemplate: putDeclared(
    'template',
    tenantTemplateManifestSchema,
    tenantTemplateSchema,
    'Declare a template: create it, or create a new version. No tenant uses the new version until it is rolled out.',
  ),
  deleteTemplate: deleteDeclared('template', tenantTemplateSchema),
  listPlans: listDeclared('plan', planSchema),
  getPlan: getDeclared('plan', planSchema),
  putPlan: putDeclared('plan', planManifestSchema, planSchema),
  deletePlan: deleteDeclared('plan', planSchema),
  listRegions: listDeclared('region', regionSchema),
  getRegion: getDeclared('region', regionSchema),
  putRegion: {
    ...putDeclared('region', regionManifestSchema, regionSchema),
    problems: [...putProblems, 'change_not_available'],
  },
  deleteRegion: deleteDeclared('region', regionSchema),
  listWebhooks: listDeclared('webhook', webhookEndpointSchema),
  getWebhook: getDeclared('webhook', webhookEndpointSchema),
  putWebhook: {
    ...putDeclared('webhook', webhookEndpointManifestSchema, webhookEndpointSchema),
    problems: [...putProblems, 'webhook_address_forbidden', 'keys_unavailable'],
  },
  deleteWebhook: {
    ...deleteDeclared('webhook', webhookEndpointSchema),
    summary: 'Delete a webhook, with its keys and all deliveries that are not finished.',
  },
} as const satisfies Readonly<Record<string, RouteContract>>;
