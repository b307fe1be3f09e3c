import { z } from 'zod';
import type { AuthorizationRequest, PolicyAction } from '../contracts/policy.ts';
import type { PolicyEngine } from '../engines/policy/policy-engine.ts';
import type { Caller } from '../engines/requests/caller.ts';
import type { Store } from '../store/store.ts';
import { kindOf, tenantTarget } from './authorization.ts';
import type { Authorize } from './authorization.ts';

/**
 * Denies a caller that may not perform the action on any target, before the request body is read. All other callers are
 * authorized by the handler, which knows the target.
 * @throws TenureError as `Authorize`
 */
export type RefuseEarly = (caller: Caller, action: PolicyAction, params: unknown) => Promise<void>;

export interface EarlyRefusalDependencies {
  readonly store: Pick<Store, 'resources' | 'operations' | 'clock'>;
  readonly policy: Pick<PolicyEngine, 'authorize'>;
  readonly authorize: Authorize;
}

type Target = AuthorizationRequest['target'];

const targetParamsSchema = z.object({ name: z.string().optional(), id: z.string().optional() });

export function createEarlyRefusal({ store, policy, authorize }: EarlyRefusalDependencies): RefuseEarly {
  async function targetOf(kind: Target['kind'], { name, id }: z.infer<typeof targetParamsSchema>): Promise<Target> {
    if (kind === 'Tenant' && name !== undefined) return tenantTarget(name, await store.resources.find('Tenant', name));
    const operation = kind === 'Operation' && id !== undefined ? await store.operations.find(id) : undefined;
    if (operation !== undefined) return { kind, tenant: operation.tenant.uid };
    return name === undefined ? { kind } : { kind, name };
  }

  return async (caller, action, params) => {
    const { actor } = caller;
    const kind = kindOf(action);
    // Check against any target that the caller may access: for a confined caller, any of its tenants.
    const [tenant] = actor.tenants ?? [];
    const { allow } = policy.authorize({
      v: 1,
      now: store.clock.now().toISOString(),
      action,
      actor,
      target: { kind, ...(tenant === undefined ? {} : { tenant }) },
    });
    if (allow) return;
    await authorize(caller, action, await targetOf(kind, targetParamsSchema.parse(params)));
  };
}
