import type { Manifest } from '../../contracts/manifests/manifest.ts';
import type { DeclaredTenantSpec, TenantManifest } from '../../contracts/manifests/tenant.ts';
import type { RehearseSchema } from '../../engines/isolation/rehearsal/rehearse-schema.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { NamedRevision } from '../../engines/requests/precondition.ts';
import type { Declaration } from '../../store/resources.ts';
import type { Store } from '../../store/store.ts';
import { permitOn } from '../authorization.ts';
import type { Authorize } from '../authorization.ts';
import type { RouteHandlers } from '../reply.ts';
import type { ChangeReply, TenantChange } from './tenant-change.ts';

export interface TenantHandlerDependencies {
  readonly authorize: Authorize;
  readonly tenantChange: TenantChange;
  readonly resources: Pick<Store['resources'], 'find'>;
  /** Only for dry runs: returns warnings about the collections. */
  readonly rehearseSchema: RehearseSchema | undefined;
}

/** The revision on which a manifest is based, if it names one. */
export function namedBy({ metadata: { uid, revision } }: Manifest): NamedRevision | undefined {
  return revision === undefined ? undefined : { uid, revision };
}

/** The declaration in a manifest. @throws TenureError request_invalid if its name differs from the name in the path */
export function declarationOf<Of extends Manifest>(manifest: Of, name: string): Declaration<Of['spec']> {
  if (manifest.metadata.name !== name) {
    throw new TenureError('request_invalid', 'the manifest and the path name different resources', {
      errors: [
        {
          pointer: '/metadata/name',
          message: `is "${manifest.metadata.name}", but the path names "${name}"`,
          allowed: [name],
        },
      ],
    });
  }
  return {
    labels: manifest.metadata.labels ?? {},
    annotations: manifest.metadata.annotations ?? {},
    spec: manifest.spec,
  };
}

export function tenantHandlers({
  authorize,
  tenantChange,
  resources,
  rehearseSchema,
}: TenantHandlerDependencies): Pick<RouteHandlers, 'createTenant' | 'putTenant'> {
  function declareManifest(manifest: TenantManifest, name: string): () => Declaration<DeclaredTenantSpec> {
    const declaration = declarationOf(manifest, name);
    return () => declaration;
  }

  async function withWarnings(reply: ChangeReply, name: string): Promise<ChangeReply> {
    if (rehearseSchema === undefined) return reply;
    const { tenant } = reply.body;
    const warnings = await rehearseSchema({
      uid: tenant.metadata.uid,
      spec: tenant.spec,
      current: await resources.find('Tenant', name),
    });
    return warnings.length === 0 ? reply : { ...reply, body: { ...reply.body, warnings } };
  }

  return {
    async createTenant({ body, caller, keep }) {
      const { name } = body.metadata;
      const reply = await tenantChange.make(
        {
          name,
          declare: declareManifest(body, name),
          creates: true,
          precondition: { kind: 'absent' },
          caller,
          permit: permitOn(authorize, caller, name),
        },
        keep,
      );
      return { ...(await withWarnings(reply, name)), status: reply.status === 202 ? 202 : 201 };
    },
    async putTenant({ params: { name }, query, body, caller, precondition, keep }) {
      const reply = await tenantChange.make(
        {
          name,
          declare: declareManifest(body, name),
          named: namedBy(body),
          precondition: precondition ?? { kind: 'exists' },
          caller,
          permit: permitOn(authorize, caller, name),
          force: query.force === 'true',
          confirmMassChange: query.confirmMassChange === 'true',
        },
        keep,
      );
      return withWarnings(reply, name);
    },
  };
}
