import { targetWord } from '../contracts/ledger-entry.ts';
import type { AuthorizationRequest, PolicyAction } from '../contracts/policy.ts';
import { TenureError } from '../domain/tenure-error.ts';
import type { PolicyEngine } from '../engines/policy/policy-engine.ts';
import { refusalEntry } from '../engines/requests/caller.ts';
import type { Caller, Permit } from '../engines/requests/caller.ts';
import type { ControlClock } from '../store/control-clock.ts';
import type { Refusals } from '../store/refusals.ts';
import type { Allowed } from './reply.ts';

/**
 * Asks policy whether the caller may do this. A denial is recorded in the ledger. If the caller may not even see the
 * tenant, the response is exactly the same as if the tenant did not exist.
 * @throws TenureError forbidden, not_found, policy_unavailable
 */
export type Authorize = (
  caller: Caller,
  action: PolicyAction,
  target: AuthorizationRequest['target'],
) => Promise<Allowed>;

export interface AuthorizationDependencies {
  readonly policy: Pick<PolicyEngine, 'authorize'>;
  readonly refusals: Pick<Refusals, 'record'>;
  readonly clock: Pick<ControlClock, 'now'>;
}

type Kind = AuthorizationRequest['target']['kind'];

/** The target kind by the first word of the action. A roll-out is authorized as an action on its template. */
const kinds = {
  tenant: 'Tenant',
  template: 'TenantTemplate',
  rollout: 'TenantTemplate',
  plan: 'Plan',
  region: 'Region',
  operation: 'Operation',
  event: 'Event',
  webhook: 'WebhookEndpoint',
  audit: 'Entry',
  access: 'Caller',
} as const satisfies Record<string, Kind>;

/** The kind of target of an action. */
export function kindOf(action: PolicyAction): Kind {
  return kinds[action.slice(0, action.indexOf('.')) as keyof typeof kinds];
}

/** Actions on something that does not exist yet, or on everything of a kind. */
const withoutTarget: ReadonlySet<PolicyAction> = new Set(['tenant.create', 'audit.verify']);

/** What belongs to one tenant. */
const ofTenants: ReadonlySet<Kind> = new Set(['Tenant', 'Operation', 'Event', 'Entry']);

const readActionOf: Readonly<Record<Kind, PolicyAction>> = {
  Tenant: 'tenant.get',
  TenantTemplate: 'template.get',
  Plan: 'plan.get',
  Region: 'region.get',
  WebhookEndpoint: 'webhook.get',
  Operation: 'operation.get',
  Event: 'event.get',
  Entry: 'audit.get',
  Caller: 'access.check',
};

export function createAuthorize({ policy, refusals, clock }: AuthorizationDependencies): Authorize {
  return async (caller, action, target) => {
    const ask = (checkedAction: PolicyAction) =>
      policy.authorize({ v: 1, now: clock.now().toISOString(), action: checkedAction, actor: caller.actor, target });
    const verdict = ask(action);
    if (verdict.allow) {
      return {
        policy: verdict.decision,
        confinedTo: verdict.obligations.includes('confine-to-tenants') ? (caller.actor.tenants ?? []) : undefined,
      };
    }
    const [denial] = verdict.deny;
    await refusals.record(
      refusalEntry(caller, {
        action,
        target: {
          kind: target.kind,
          ...(target.name === undefined ? {} : { name: target.name }),
          ...(target.kind === 'Tenant' && target.tenant !== undefined ? { uid: target.tenant } : {}),
        },
        ...(target.tenant === undefined ? {} : { tenant: target.tenant }),
        policy: verdict.decision,
        ...(denial === undefined ? {} : { reason: denial.rule }),
      }),
    );
    const maySee = action !== readActionOf[target.kind] && ask(readActionOf[target.kind]).allow;
    const hasOneTarget = !action.endsWith('.list') && !withoutTarget.has(action);
    if (!maySee && hasOneTarget && ofTenants.has(target.kind)) throw absent(target);
    throw new TenureError('forbidden', `policy does not allow ${action}`, {
      errors: verdict.deny.map(({ rule, message, fix }) => ({ rule, message, fix })),
    });
  };
}

/** A tenant as a policy target: its name, and its uid if it exists. */
export function tenantTarget(
  name: string,
  tenant: { readonly _id: string } | undefined,
): AuthorizationRequest['target'] {
  return { kind: 'Tenant', name, ...(tenant === undefined ? {} : { tenant: tenant._id }) };
}

/** The same check for the code that decides on a change, which runs it on the tenant that it has read. */
export function permitOn(authorize: Authorize, caller: Caller, name: string): Permit {
  return async (action, tenant) => {
    await authorize(caller, action, action === 'tenant.create' ? { kind: 'Tenant', name } : tenantTarget(name, tenant));
  };
}

/** The same error for a target that does not exist and for one that the caller may not see. */
export function absent(target: Pick<AuthorizationRequest['target'], 'kind' | 'name'>): TenureError {
  return new TenureError(
    'not_found',
    `${targetWord(target.kind)}${target.name === undefined ? '' : ` "${target.name}"`} does not exist`,
  );
}
