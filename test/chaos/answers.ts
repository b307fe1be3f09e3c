import type { Operation } from '../../contracts/operation.ts';
import type { Tenant } from '../../contracts/manifests/tenant.ts';
import type { Acknowledged } from './recollection.ts';

interface AnyBody {
  readonly kind?: string;
  readonly tenant?: Tenant | { readonly uid: string };
  readonly operation?: Operation;
}

/** The tenant in an answer of any route. */
export function tenantIn({ body }: Acknowledged): Tenant | undefined {
  const { kind, tenant } = body as AnyBody;
  if (kind === 'Tenant') return body as Tenant;
  return tenant !== undefined && 'metadata' in tenant ? tenant : undefined;
}

/** The operation in an answer: one that the request started, or one that was running already. */
export function operationIn({ body }: Acknowledged): Operation | undefined {
  return (body as AnyBody).operation;
}
