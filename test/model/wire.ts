import { apiVersion } from '../../contracts/manifests/metadata.ts';
import type { Tenant } from '../../contracts/manifests/tenant.ts';
import type { Operation } from '../../contracts/operation.ts';
import type { HttpAnswer, HttpRequest } from '../harness/http-exchange.ts';
import type { TenantInput } from '../harness/manifests.ts';
import type { Answer, View } from './possible.ts';
import { modelTenants } from './request.ts';
import type { ManifestFields, ModelRequest, TenantKey } from './request.ts';

/** When scheduled plans take effect: always the same time, after the end of every run of the model. */
const scheduledTime = '2099-01-01T00:00:00.000Z';

const sound = { bsonType: 'object', properties: { sku: { bsonType: 'string' } } };
/** The contract accepts it, but mongod refuses it. */
const refusedByMongod = { patternProperties: { '(': {} } };

export function manifestOf(
  key: TenantKey,
  name: string,
  { lifecycle, plan, title, flawed = false }: ManifestFields,
): TenantInput {
  const mode = modelTenants[key];
  return {
    apiVersion,
    kind: 'Tenant',
    metadata: { name },
    spec: {
      plan,
      placement: { mode },
      ...(lifecycle === undefined ? {} : { lifecycle }),
      ...(title === undefined ? {} : { displayName: title }),
      services: [
        {
          name: 'shop',
          collections: [
            {
              name: 'orders',
              jsonSchema: flawed ? refusedByMongod : sound,
              indexes: [{ keys: [{ field: 'sku' }], unique: true }],
            },
          ],
        },
        {
          name: 'audit',
          ...(mode === 'hybrid' ? { strategy: 'schema' as const } : {}),
          collections: [{ name: 'events', indexes: [{ keys: [{ field: 'at', order: -1 }] }] }],
        },
      ],
    },
  };
}

const bodyless = new Set<ModelRequest['do']>(['read', 'cancel']);

/** The HTTP form of a request. `about`: the operation that a cancellation names. */
export function httpOf(
  request: ModelRequest,
  name: string,
  about = '',
): Pick<HttpRequest, 'method' | 'path' | 'body'> & { readonly method: string } {
  const { tenant: key, do: what } = request;
  const path = `/v1/tenants/${name}`;
  const query =
    ('preempt' in request && request.preempt ? '?preempt=true' : '') ||
    ('force' in request && request.force ? '?force=true' : '');
  const post = (verb: string, body: unknown = {}) => ({ method: 'POST', path: `${path}:${verb}${query}`, body });
  switch (what) {
    case 'create':
      return { method: 'POST', path: '/v1/tenants', body: manifestOf(key, name, request) };
    case 'put':
      return { method: 'PUT', path: `${path}${query}`, body: manifestOf(key, name, request) };
    case 'verb':
      return request.path === 'delete' ? { method: 'DELETE', path: `${path}${query}` } : post(request.path);
    case 'purge':
      return post('purge', { early: request.early });
    case 'change-plan':
      return post('change-plan', { plan: request.plan });
    case 'schedule':
      return post('change-plan', { plan: request.plan, time: scheduledTime });
    case 'unschedule':
      return post('cancel-plan-change');
    case 'hold':
      return post('hold', { reason: request.reason });
    case 'release':
      return post('release-hold');
    case 'cancel':
      return { method: 'POST', path: `/v1/operations/${about}:cancel` };
    case 'read':
      return { method: 'GET', path };
  }
}

/** The headers that name the expected revision and the idempotency key. */
export function headersOf(request: ModelRequest, etag: string, key: string): Record<string, string> {
  if (bodyless.has(request.do)) return {};
  if (request.do === 'create') return { 'idempotency-key': key };
  if ('on' in request && request.on === 'absent') return { 'if-none-match': '*', 'idempotency-key': key };
  return { 'if-match': etag, 'idempotency-key': key };
}

/** What the model sees of a tenant's representation. */
export function viewOfTenant({ spec, status }: Tenant): View {
  return {
    state: status.lifecycle,
    declared: spec.lifecycle ?? 'absent',
    plan: spec.plan,
    title: spec.displayName ?? null,
    flawed: spec.services[0]?.collections[0]?.jsonSchema?.['bsonType'] !== 'object',
    hold: spec.hold?.reason ?? null,
    scheduled: status.scheduledPlan?.name ?? null,
    operation: status.operation?.id ?? null,
    pending: status.pending?.id ?? null,
  };
}

/** What an answer says, in the model's terms. */
export function answerOf(request: ModelRequest, answer: HttpAnswer): Answer {
  if (answer.status >= 400) {
    const { code } = answer.problem();
    return code === 'idempotency_in_progress' || code === 'idempotency_key_reused'
      ? { kind: 'key', code }
      : { kind: 'refused', code };
  }
  const done = (operation: string | null, tenant: Tenant | undefined, following: readonly string[] = []): Answer => ({
    kind: 'done',
    status: answer.status,
    operation,
    following,
    view: tenant === undefined ? null : viewOfTenant(tenant),
  });
  switch (request.do) {
    case 'cancel':
      return done(answer.json<Operation>().id, undefined);
    case 'read':
    case 'hold':
    case 'release':
    case 'unschedule':
      return done(null, answer.json<Tenant>());
    case 'create':
    case 'put':
    case 'verb':
    case 'purge':
    case 'change-plan':
    case 'schedule': {
      const { tenant, operation, following } = answer.json<{
        tenant: Tenant;
        operation?: Operation;
        following?: Operation[];
      }>();
      return done(
        operation?.id ?? null,
        tenant,
        following?.map(({ id }) => id),
      );
    }
  }
}
