import type { Manifest } from '../../contracts/manifests/manifest.ts';
import type { TenantManifest, TenantSpec } from '../../contracts/manifests/tenant.ts';
import { transitionBetween } from '../../domain/lifecycle.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { DeclareTenant, DeclareTenantRequest, DeclaredTenant } from '../../engines/registry/declare-tenant.ts';
import type { Caller } from '../../engines/registry/caller.ts';
import type { Precondition } from '../../engines/registry/precondition.ts';
import { withinMs } from '../../platform/deadline.ts';
import { errorFields } from '../../platform/logging.ts';
import type { Logger } from '../../platform/logging.ts';
import type { StartOperation } from '../../platform/operation-starter.ts';
import type { TenantDocument } from '../../store/documents.ts';
import type { IdempotentRequest } from '../../store/idempotency.ts';
import type { Declaration } from '../../store/resources.ts';
import type { Store } from '../../store/store.ts';
import { absent } from '../authorization.ts';
import type { Authorize } from '../authorization.ts';
import type { RouteHandlers } from '../reply.ts';
import { storedAnswer } from '../stored-answer.ts';
import { operationBody, tenantBody } from '../representations.ts';
import { etagOf } from '../request-parsing.ts';

export interface TenantHandlerDependencies {
  readonly store: Store;
  readonly authorize: Authorize;
  readonly declareTenant: DeclareTenant;
  readonly startOperation: StartOperation;
  readonly logger: Logger;
}

/** The declaration in a manifest; its name must be that of the path. */
export function declarationOf<Of extends Manifest>(manifest: Of, name: string): Declaration<Of['spec']> {
  if (manifest.metadata.name !== name) {
    throw new TenureError('request_invalid', 'the manifest names another resource than the path', {
      errors: [{ pointer: '/metadata/name', message: `is "${manifest.metadata.name}", the path says "${name}"`, allowed: [name] }],
    });
  }
  return { labels: manifest.metadata.labels ?? {}, annotations: manifest.metadata.annotations ?? {}, spec: manifest.spec };
}

/** What is accepted is answered soon, also when Temporal goes away at this moment. */
const startTimeoutMs = 2_000;

type ChangeReply = Awaited<ReturnType<RouteHandlers['putTenant']>>;

function changeReply({ outcome, tenant, operation }: DeclaredTenant): ChangeReply {
  const status = operation !== undefined ? 202 : outcome === 'created' ? 201 : 200;
  return {
    status,
    body: { tenant: tenantBody(tenant), ...(operation === undefined ? {} : { operation: operationBody(operation) }) },
    headers: {
      etag: etagOf(tenant.revision),
      ...(operation !== undefined ? { location: `/v1/operations/${operation._id}` } : outcome === 'created' ? { location: `/v1/tenants/${tenant.name}` } : {}),
    },
  };
}

export function tenantHandlers(dependencies: TenantHandlerDependencies): Pick<RouteHandlers, 'createTenant' | 'putTenant' | 'activateTenant'> {
  const { store, authorize, declareTenant, startOperation, logger } = dependencies;

  /** An accepted operation is started at once; where that fails, the sweep starts it. */
  async function start({ operation, tenant, outcome }: DeclaredTenant): Promise<void> {
    if (operation === undefined || outcome === 'unchanged') return;
    const { _id: operationId, kind, requestId, correlationId } = operation;
    try {
      const starting = startOperation({ kind, operationId, tenant: operation.tenant, requestId, correlationId, plan: tenant.spec.plan });
      await withinMs(startTimeoutMs, starting, () => new TenureError('temporal_unavailable', 'Temporal did not start the workflow in time'));
    } catch (error) {
      logger.warn('the operation is accepted, its workflow is left to the sweep', { operationId, ...errorFields(error) });
    }
  }

  async function change(request: Omit<DeclareTenantRequest, 'settle'>, idempotency: IdempotentRequest | undefined): Promise<ChangeReply> {
    const declared = await declareTenant({
      ...request,
      async settle(tx, made) {
        if (idempotency !== undefined) await store.idempotency.settle(tx, idempotency, storedAnswer(changeReply(made)));
      },
    });
    await start(declared);
    return changeReply(declared);
  }

  function declareManifest(manifest: TenantManifest, name: string): () => Declaration<TenantSpec> {
    const declaration = declarationOf(manifest, name);
    return () => declaration;
  }

  async function authorizeChange(caller: Caller, name: string, action: 'tenant.update' | 'tenant.activate'): Promise<TenantDocument | undefined> {
    const current = await store.resources.find('Tenant', name);
    // The first question is the same whether or not there is such a tenant, so that its refusal does not tell.
    await authorize(caller, action, { kind: 'Tenant', name, ...(current === undefined ? {} : { tenant: current._id }) });
    if (current === undefined && action === 'tenant.update') await authorize(caller, 'tenant.create', { kind: 'Tenant', name });
    return current;
  }

  /** A declaration that changes the lifecycle needs the right to the verb that would. */
  async function authorizePath(caller: Caller, { metadata: { name }, spec }: TenantManifest, current: TenantDocument | undefined): Promise<void> {
    const transition = spec.lifecycle === undefined ? undefined : transitionBetween(current?.lifecycle ?? 'Draft', spec.lifecycle);
    if (transition === undefined) return;
    await authorize(caller, `tenant.${transition.path}`, { kind: 'Tenant', name, ...(current === undefined ? {} : { tenant: current._id }) });
  }

  return {
    async createTenant({ body, caller, idempotency }) {
      const { name } = body.metadata;
      await authorize(caller, 'tenant.create', { kind: 'Tenant', name });
      await authorizePath(caller, body, undefined);
      const precondition: Precondition = { kind: 'absent' };
      const reply = await change({ name, declare: declareManifest(body, name), precondition, caller }, idempotency);
      return { ...reply, status: reply.status === 202 ? 202 : 201 };
    },
    async putTenant({ params: { name }, body, caller, precondition, idempotency }) {
      const declare = declareManifest(body, name);
      await authorizePath(caller, body, await authorizeChange(caller, name, 'tenant.update'));
      return change({ name, declare, precondition: precondition ?? { kind: 'exists' }, caller }, idempotency);
    },
    async activateTenant({ params: { name }, caller, precondition, idempotency }) {
      const current = await authorizeChange(caller, name, 'tenant.activate');
      if (current === undefined) throw absent({ kind: 'Tenant', name });
      const declare = (tenant: TenantDocument | undefined): Declaration<TenantSpec> => {
        if (tenant === undefined) throw absent({ kind: 'Tenant', name });
        return { labels: tenant.labels, annotations: tenant.annotations, spec: { ...tenant.spec, lifecycle: 'Active' } };
      };
      // A tenant that is Active stays so, whatever revision the caller has seen.
      const asked: Precondition = current.lifecycle === 'Active' ? { kind: 'exists' } : (precondition ?? { kind: 'exists' });
      const reply = await change({ name, declare, precondition: asked, caller }, idempotency);
      return { ...reply, status: reply.status === 202 ? 202 : 200 };
    },
  };
}
