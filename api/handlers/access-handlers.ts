import type { AuthorizationRequest, PolicyAction } from '../../contracts/policy.ts';
import type { PolicyEngine } from '../../engines/policy/policy-engine.ts';
import type { Caller } from '../../engines/requests/caller.ts';
import type { Store } from '../../store/store.ts';
import { kindOf } from '../authorization.ts';
import type { Authorize } from '../authorization.ts';
import type { RouteHandlers } from '../reply.ts';

export interface AccessHandlerDependencies {
  readonly store: Pick<Store, 'resources' | 'operations' | 'clock'>;
  readonly authorize: Authorize;
  readonly policy: Pick<PolicyEngine, 'authorize'>;
}

type Target = AuthorizationRequest['target'];

/**
 * Lets callers check their own access. A check is not an attempt, so the ledger records only a denial of the check
 * itself.
 */
export function accessHandlers({
  store,
  authorize,
  policy,
}: AccessHandlerDependencies): Pick<RouteHandlers, 'getCaller' | 'checkAccess'> {
  async function targetOf(action: PolicyAction, name: string | undefined, { actor }: Caller): Promise<Target> {
    const kind = kindOf(action);
    if (name === undefined) {
      // Check against any target that the caller may see: for a confined caller, any of its tenants.
      const [tenant] = actor.tenants ?? [];
      return tenant === undefined ? { kind } : { kind, tenant };
    }
    if (kind === 'Operation') {
      const tenant = (await store.operations.find(name))?.tenant.uid;
      return tenant === undefined ? { kind } : { kind, tenant };
    }
    const tenant = kind === 'Tenant' ? (await store.resources.find('Tenant', name))?._id : undefined;
    return tenant === undefined ? { kind, name } : { kind, name, tenant };
  }

  return {
    async getCaller({ caller, expireTime }) {
      await authorize(caller, 'access.check', { kind: 'Caller' });
      const { subject, roles, tenants } = caller.actor;
      return {
        status: 200,
        body: {
          subject,
          roles,
          ...(tenants === undefined ? {} : { tenants }),
          expireTime: new Date(expireTime).toISOString(),
        },
      };
    },
    async checkAccess({ query: { action, name }, caller }) {
      await authorize(caller, 'access.check', { kind: 'Caller' });
      const target = await targetOf(action, name, caller);
      const { allow, deny, decision } = policy.authorize({
        v: 1,
        now: store.clock.now().toISOString(),
        action,
        actor: caller.actor,
        target,
      });
      return { status: 200, body: { action, allowed: allow, rules: decision.rules, denials: [...deny] } };
    },
  };
}
