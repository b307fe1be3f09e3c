import type { Manifest } from '../../contracts/manifests/manifest.ts';
import type { DeclaredTenantSpec, TenantManifest } from '../../contracts/manifests/tenant.ts';
import { transitionBetween } from '../../domain/lifecycle.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { Caller } from '../../engines/registry/caller.ts';
import type { Precondition } from '../../engines/registry/precondition.ts';
import type { TenantDocument } from '../../store/documents.ts';
import type { Declaration } from '../../store/resources.ts';
import type { Store } from '../../store/store.ts';
import { tenantTarget } from '../authorization.ts';
import type { Authorize } from '../authorization.ts';
import type { RouteHandlers } from '../reply.ts';
import type { TenantChange } from './tenant-change.ts';

export interface TenantHandlerDependencies {
  readonly store: Store;
  readonly authorize: Authorize;
  readonly tenantChange: TenantChange;
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

export function tenantHandlers(dependencies: TenantHandlerDependencies): Pick<RouteHandlers, 'createTenant' | 'putTenant'> {
  const { store, authorize, tenantChange } = dependencies;

  function declareManifest(manifest: TenantManifest, name: string): () => Declaration<DeclaredTenantSpec> {
    const declaration = declarationOf(manifest, name);
    return () => declaration;
  }

  async function authorizeChange(caller: Caller, name: string): Promise<TenantDocument | undefined> {
    const current = await store.resources.find('Tenant', name);
    // The first question is the same whether or not there is such a tenant, so that its refusal does not tell.
    await authorize(caller, 'tenant.update', tenantTarget(name, current));
    if (current === undefined) await authorize(caller, 'tenant.create', { kind: 'Tenant', name });
    return current;
  }

  /** A declaration that changes the lifecycle needs the right to the verb that would. */
  async function authorizePath(caller: Caller, { metadata: { name }, spec }: TenantManifest, current: TenantDocument | undefined): Promise<void> {
    const transition = spec.lifecycle === undefined ? undefined : transitionBetween(current?.lifecycle ?? 'Draft', spec.lifecycle);
    if (transition === undefined) return;
    await authorize(caller, `tenant.${transition.path}`, tenantTarget(name, current));
  }

  return {
    async createTenant({ body, caller, idempotency }) {
      const { name } = body.metadata;
      await authorize(caller, 'tenant.create', { kind: 'Tenant', name });
      await authorizePath(caller, body, undefined);
      const precondition: Precondition = { kind: 'absent' };
      const reply = await tenantChange.make({ name, declare: declareManifest(body, name), precondition, caller }, idempotency);
      return { ...reply, status: reply.status === 202 ? 202 : 201 };
    },
    async putTenant({ params: { name }, query, body, caller, precondition, idempotency }) {
      const declare = declareManifest(body, name);
      const current = await authorizeChange(caller, name);
      await authorizePath(caller, body, current);
      const confirmMassChange = query.confirmMassChange === 'true';
      if (confirmMassChange) await authorize(caller, 'tenant.pass_brake', tenantTarget(name, current));
      return tenantChange.make({ name, declare, precondition: precondition ?? { kind: 'exists' }, caller, force: query.force === 'true', confirmMassChange }, idempotency);
    },
  };
}
