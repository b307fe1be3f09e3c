import type { Manifest } from '../../contracts/manifests/manifest.ts';
import type { DeclaredTenantSpec, TenantManifest } from '../../contracts/manifests/tenant.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { Declaration } from '../../store/resources.ts';
import { permitOn } from '../authorization.ts';
import type { Authorize } from '../authorization.ts';
import type { RouteHandlers } from '../reply.ts';
import type { TenantChange } from './tenant-change.ts';

export interface TenantHandlerDependencies {
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

export function tenantHandlers({ authorize, tenantChange }: TenantHandlerDependencies): Pick<RouteHandlers, 'createTenant' | 'putTenant'> {
  function declareManifest(manifest: TenantManifest, name: string): () => Declaration<DeclaredTenantSpec> {
    const declaration = declarationOf(manifest, name);
    return () => declaration;
  }

  return {
    async createTenant({ body, caller, idempotency }) {
      const { name } = body.metadata;
      const reply = await tenantChange.make({ name, declare: declareManifest(body, name), creates: true, precondition: { kind: 'absent' }, caller, permit: permitOn(authorize, caller, name) }, idempotency);
      return { ...reply, status: reply.status === 202 ? 202 : 201 };
    },
    putTenant({ params: { name }, query, body, caller, precondition, idempotency }) {
      return tenantChange.make(
        {
          name,
          declare: declareManifest(body, name),
          precondition: precondition ?? { kind: 'exists' },
          caller,
          permit: permitOn(authorize, caller, name),
          force: query.force === 'true',
          confirmMassChange: query.confirmMassChange === 'true',
        },
        idempotency,
      );
    },
  };
}
