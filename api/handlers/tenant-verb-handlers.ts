import type { OperationKind } from '../../contracts/lifecycle.ts';
import type { RouteAnswer } from '../../contracts/routes.ts';
import type { TenantVerb } from '../../domain/tenant-verb.ts';
import type { Admit } from '../../engines/admission/admission.ts';
import type { Caller } from '../../engines/requests/caller.ts';
import { holdTenant, releaseHold } from '../../engines/changes/hold-tenant.ts';
import type { HoldRequest } from '../../engines/changes/hold-tenant.ts';
import type { Precondition } from '../../engines/requests/precondition.ts';
import { schedulePlan, unschedulePlan } from '../../engines/changes/schedule-plan.ts';
import type { TenantDocument } from '../../store/documents.ts';
import type { AnswerSubject } from '../../store/kept-answers.ts';
import type { Store } from '../../store/store.ts';
import { permitOn } from '../authorization.ts';
import type { Authorize } from '../authorization.ts';
import type { RouteHandlers } from '../reply.ts';
import { tenantBody } from '../representations.ts';
import { etagOf } from '../request-parsing.ts';
import type { Keep } from '../answers.ts';
import type { TenantChange } from './tenant-change.ts';

export interface TenantVerbDependencies {
  readonly store: Store;
  readonly authorize: Authorize;
  readonly admit: Admit;
  readonly tenantChange: TenantChange;
}

type VerbHandlers = Pick<
  RouteHandlers,
  | 'activateTenant'
  | 'suspendTenant'
  | 'resumeTenant'
  | 'archiveTenant'
  | 'reactivateTenant'
  | 'deleteTenant'
  | 'undeleteTenant'
  | 'purgeTenant'
  | 'reconcileTenant'
  | 'changePlanOfTenant'
  | 'cancelPlanChangeOfTenant'
  | 'holdTenant'
  | 'releaseHoldOfTenant'
>;

interface VerbRequest {
  readonly params: { readonly name: string };
  readonly query: {
    readonly preempt?: 'true' | 'false' | undefined;
    readonly confirmMassChange?: 'true' | 'false' | undefined;
  };
  readonly caller: Caller;
  readonly precondition: Precondition | undefined;
  readonly keep: Keep;
}

/** The reply of every verb. It is written out because each route has its own reply type. */
interface VerbReply<Status extends number, Body> {
  readonly status: Status;
  readonly body: Body;
  readonly headers?: Readonly<Record<string, string>>;
  readonly about?: AnswerSubject;
}
type TenantReply = VerbReply<200, RouteAnswer<'holdTenant'>>;
type ChangedReply = VerbReply<200 | 202, RouteAnswer<'suspendTenant'>>;

function tenantReply(tenant: TenantDocument): TenantReply {
  return {
    status: 200,
    body: tenantBody(tenant),
    headers: { etag: etagOf(tenant.revision) },
    about: { tenant: { uid: tenant._id, name: tenant.name } },
  };
}

/** The verbs of a tenant: lifecycle paths, holds and scheduled plan changes. */
export function tenantVerbHandlers(dependencies: TenantVerbDependencies): VerbHandlers {
  const { store, authorize, tenantChange } = dependencies;

  async function run(
    verb: TenantVerb,
    { params: { name }, query, caller, precondition, keep }: VerbRequest,
  ): Promise<ChangedReply> {
    const reply = await tenantChange.make(
      {
        name,
        verb,
        precondition: precondition ?? { kind: 'exists' },
        caller,
        permit: permitOn(authorize, caller, name),
        preempt: query.preempt === 'true',
        confirmMassChange: query.confirmMassChange === 'true',
      },
      keep,
    );
    return { ...reply, status: reply.status === 202 ? 202 : 200 };
  }

  function immediateRequest({ params: { name }, caller, precondition, keep }: VerbRequest): HoldRequest {
    return {
      name,
      caller,
      permit: permitOn(authorize, caller, name),
      precondition: precondition ?? { kind: 'exists' },
      alsoCommit: (tx, tenant) => keep(tx, tenantReply(tenant)),
    };
  }

  const simpleVerb = (path: Exclude<OperationKind, 'change_plan' | 'purge'>) => (request: VerbRequest) =>
    run({ path }, request);
  return {
    activateTenant: simpleVerb('activate'),
    suspendTenant: simpleVerb('suspend'),
    resumeTenant: simpleVerb('resume'),
    archiveTenant: simpleVerb('archive'),
    reactivateTenant: simpleVerb('reactivate'),
    deleteTenant: simpleVerb('delete'),
    undeleteTenant: simpleVerb('undelete'),
    reconcileTenant: simpleVerb('reconcile'),
    purgeTenant: (request) => run({ path: 'purge', early: request.body?.early ?? false }, request),
    async changePlanOfTenant(request) {
      const { plan, time } = request.body;
      const effectiveTime = time === undefined ? undefined : new Date(time);
      if (effectiveTime === undefined || effectiveTime <= store.clock.now())
        return run({ path: 'change_plan', plan }, request);
      const reply = (scheduled: TenantDocument): ChangedReply => ({
        ...tenantReply(scheduled),
        body: { tenant: tenantBody(scheduled) },
      });
      return reply(
        await schedulePlan(
          dependencies,
          { ...immediateRequest(request), alsoCommit: (tx, scheduled) => request.keep(tx, reply(scheduled)) },
          { plan, time: effectiveTime },
        ),
      );
    },
    async cancelPlanChangeOfTenant(request) {
      return tenantReply(await unschedulePlan(dependencies, immediateRequest({ ...request, query: {} })));
    },
    async holdTenant(request) {
      return tenantReply(
        await holdTenant(dependencies, immediateRequest({ ...request, query: {} }), request.body.reason),
      );
    },
    async releaseHoldOfTenant(request) {
      return tenantReply(await releaseHold(dependencies, immediateRequest({ ...request, query: {} })));
    },
  };
}
