import type { ApiClient } from '../../client/api-client.ts';
import type { AuditEntry } from '../../contracts/audit.ts';
import type { Event } from '../../contracts/event.ts';
import type { Manifest } from '../../contracts/manifests/manifest.ts';
import type { Tenant } from '../../contracts/manifests/tenant.ts';
import type { Operation } from '../../contracts/operation.ts';
import type { OperationState } from '../../contracts/operation-states.ts';
import type { Rollout } from '../../contracts/rollout.ts';
import type { RouteQueryInput } from '../../contracts/routes.ts';
import type { Tombstone } from '../../contracts/tombstone.ts';
import { usageFailure } from '../failure.ts';
import { didYouMean } from '../text/wording.ts';
import type { Paint } from '../text/paint.ts';
import { createTable, renderTable } from '../text/table.ts';
import type { Column } from '../text/table.ts';
import {
  auditColumns,
  eventColumns,
  operationColumns,
  planColumns,
  regionColumns,
  rolloutColumns,
  templateColumns,
  tenantColumns,
  tombstoneColumns,
  webhookColumns,
} from './columns.ts';
import { allItems } from './pages.ts';
import type { Page, Paging } from './pages.ts';

/** One resource as read, with its name for the command line. */
export interface Listed {
  readonly name: string;
  readonly body: unknown;
}

export interface OperationFilter {
  readonly tenant?: string;
  readonly state?: OperationState;
}

/** As in the route. */
export type TenantFilter = Omit<RouteQueryInput<'listTenants'>, keyof Paging>;

/** As in the route. */
export type EntryFilter = Omit<RouteQueryInput<'listAuditEntries'>, keyof Paging>;

export interface TombstoneFilter {
  readonly name?: string;
}

export interface RolloutFilter {
  readonly template?: string;
}

/** A kind of resource that can be read. */
export interface ResourceKind<Filter extends object = object> {
  readonly singular:
    'tenant' | 'plan' | 'region' | 'template' | 'webhook' | 'roll-out' | 'operation' | 'event' | 'entry' | 'tombstone';
  readonly plural: string;
  get(api: ApiClient, name: string): Promise<Listed>;
  /** All of them, page by page, but at most `limit`. */
  list(api: ApiClient, limit?: number, filter?: Filter): Promise<Listed[]>;
  renderTable(items: readonly Listed[], paint: Paint): string;
  /** The same for rows that arrive one by one. */
  tableRows(paint: Paint): (items: readonly Listed[]) => string;
}

interface KindDefinition<Item, Filter> {
  readonly singular: ResourceKind['singular'];
  /** Default: the singular with an s. */
  readonly plural?: string;
  readonly nameOf: (item: Item) => string;
  readonly get: (api: ApiClient, name: string) => Promise<Item>;
  readonly page: (api: ApiClient, paging: Paging, filter: Filter) => Promise<Page<Item>>;
  readonly columns: readonly Column<Item>[];
}

function defineKind<Item, Filter extends object = object>({
  singular,
  plural = `${singular}s`,
  nameOf,
  get,
  page,
  columns,
}: KindDefinition<Item, Filter>): ResourceKind<Filter> {
  const listed = (body: Item): Listed => ({ name: nameOf(body), body });
  return {
    singular,
    plural,
    get: async (api, name) => listed(await get(api, name)),
    async list(api, limit = Infinity, filter = {} as Filter) {
      return (await allItems((paging) => page(api, paging, filter), limit)).map(listed);
    },
    renderTable: (items, paint) =>
      renderTable(
        columns,
        items.map(({ body }) => body as Item),
        paint,
      ),
    tableRows(paint) {
      const rows = createTable(columns, paint);
      return (items) => rows(items.map(({ body }) => body as Item));
    },
  };
}

export const tenantKind = defineKind<Tenant, TenantFilter>({
  singular: 'tenant',
  nameOf: ({ metadata }) => metadata.name,
  get: async (api, name) => (await api.call('getTenant', { params: { name } })).body,
  page: async (api, paging, filter) => (await api.call('listTenants', { query: { ...filter, ...paging } })).body,
  columns: tenantColumns,
});

export const operationKind = defineKind<Operation, OperationFilter>({
  singular: 'operation',
  nameOf: ({ id }) => id,
  get: async (api, id) => (await api.call('getOperation', { params: { id } })).body,
  page: async (api, paging, filter) => (await api.call('listOperations', { query: { ...paging, ...filter } })).body,
  columns: operationColumns,
});

/** Roll-outs belong to a template, so listing them needs one. */
export const rolloutKind = defineKind<Rollout, RolloutFilter>({
  singular: 'roll-out',
  nameOf: ({ id }) => id,
  get: async (api, id) => (await api.call('getRollout', { params: { id } })).body,
  async page(api, query, { template: name }) {
    if (name === undefined)
      throw usageFailure('roll-outs are listed by template', 'write: get roll-outs --template NAME');
    return (await api.call('listRollouts', { params: { name }, query })).body;
  },
  columns: rolloutColumns,
});

export const entryKind = defineKind<AuditEntry, EntryFilter>({
  singular: 'entry',
  plural: 'entries',
  nameOf: ({ entry }) => entry.id,
  get: async (api, id) => (await api.call('getAuditEntry', { params: { id } })).body,
  page: async (api, paging, filter) => (await api.call('listAuditEntries', { query: { ...filter, ...paging } })).body,
  columns: auditColumns,
});

const kinds: readonly ResourceKind[] = [
  tenantKind,
  defineKind({
    singular: 'template',
    nameOf: ({ metadata }) => metadata.name,
    get: async (api, name) => (await api.call('getTemplate', { params: { name } })).body,
    page: async (api, query) => (await api.call('listTemplates', { query })).body,
    columns: templateColumns,
  }),
  rolloutKind,
  defineKind({
    singular: 'plan',
    nameOf: ({ metadata }) => metadata.name,
    get: async (api, name) => (await api.call('getPlan', { params: { name } })).body,
    page: async (api, query) => (await api.call('listPlans', { query })).body,
    columns: planColumns,
  }),
  defineKind({
    singular: 'region',
    nameOf: ({ metadata }) => metadata.name,
    get: async (api, name) => (await api.call('getRegion', { params: { name } })).body,
    page: async (api, query) => (await api.call('listRegions', { query })).body,
    columns: regionColumns,
  }),
  defineKind({
    singular: 'webhook',
    nameOf: ({ metadata }) => metadata.name,
    get: async (api, name) => (await api.call('getWebhook', { params: { name } })).body,
    page: async (api, query) => (await api.call('listWebhooks', { query })).body,
    columns: webhookColumns,
  }),
  operationKind,
  defineKind<Event>({
    singular: 'event',
    nameOf: ({ id }) => id,
    get: async (api, id) => (await api.call('getEvent', { params: { id } })).body,
    async page(api, { pageSize, pageToken: after }) {
      const query = { pageSize, ...(after === undefined ? {} : { after }) };
      const { items, cursor, more } = (await api.call('listEvents', { query })).body;
      return { items, ...(more ? { nextPageToken: cursor } : {}) };
    },
    columns: eventColumns,
  }),
  entryKind,
  defineKind<Tombstone, TombstoneFilter>({
    singular: 'tombstone',
    nameOf: ({ uid }) => uid,
    get: async (api, uid) => (await api.call('getTombstone', { params: { uid } })).body,
    page: async (api, paging, filter) => (await api.call('listTombstones', { query: { ...paging, ...filter } })).body,
    columns: tombstoneColumns,
  }),
];

export const kindWords = kinds.flatMap(({ singular, plural }) => [plural, singular]);

/** The word for the kind of a manifest. */
export const wordOfManifest = {
  Region: 'region',
  Plan: 'plan',
  TenantTemplate: 'template',
  WebhookEndpoint: 'webhook',
  Tenant: 'tenant',
} as const satisfies Record<Manifest['kind'], ResourceKind['singular']>;

/** The kind with this name: singular, plural or as in a manifest; ignores case. @throws CliFailure usage */
export function kindOf(word: string): ResourceKind {
  const normalized = word
    .toLowerCase()
    .replace(/^tenanttemplate/, 'template')
    .replace(/^webhookendpoint/, 'webhook');
  const kind = kinds.find(({ singular, plural }) => normalized === singular || normalized === plural);
  if (kind !== undefined) return kind;
  throw usageFailure(
    `"${word}" is not a kind of resource`,
    didYouMean(word, kindWords, `use one of ${kinds.map(({ plural }) => plural).join(', ')}`),
  );
}
