import type { IsolationVerification } from '../../contracts/isolation-report.ts';
import { verificationWorkflowId } from '../../platform/workflow-starters.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import { acceptVerification } from '../../engines/upkeep/accept-verification.ts';
import type { Caller } from '../../engines/requests/caller.ts';
import { retryOnConflict } from '../../engines/requests/precondition.ts';
import type { WorkflowStarters } from '../../platform/workflow-starters.ts';
import type { TenantDocument, VerificationDocument } from '../../store/documents.ts';
import type { Store } from '../../store/store.ts';
import { pairOf } from '../../store/verifications.ts';
import { absent, tenantTarget } from '../authorization.ts';
import type { Authorize } from '../authorization.ts';
import type { StartOrDefer } from '../../platform/start-or-defer.ts';
import type { Allowed, RouteHandlers } from '../reply.ts';

export interface IsolationDependencies {
  readonly store: Store;
  readonly authorize: Authorize;
  /** @throws TenureError temporal_unavailable */
  readonly requireTemporal: () => Promise<void>;
  readonly start: WorkflowStarters['startVerification'];
  readonly startOrDefer: StartOrDefer;
}

const notVerified = (name: string): TenureError =>
  new TenureError('not_found', `the isolation of tenant "${name}" has not been verified yet`);

function verificationBody({ tenants, running, failure, report }: VerificationDocument): IsolationVerification {
  return {
    tenants: tenants.map(({ name }) => name),
    ...(running === null
      ? {}
      : {
          running: {
            id: running.id,
            startTime: running.startTime.toISOString(),
            workflowId: verificationWorkflowId(running.id),
          },
        }),
    ...(failure === null ? {} : { failure: { ...failure, time: failure.time.toISOString() } }),
    ...(report === null ? {} : { report }),
  };
}

/** Verifies the isolation of two tenants and reads the result. A caller that may not verify both sees neither. */
export function isolationHandlers({
  store,
  authorize,
  requireTemporal,
  start,
  startOrDefer,
}: IsolationDependencies): Pick<RouteHandlers, 'verifyIsolationOfTenant' | 'isolationReportOfTenant'> {
  async function authorized(
    caller: Caller,
    name: string,
  ): Promise<{ readonly tenant: TenantDocument; readonly allowed: Allowed }> {
    const tenant = await store.resources.find('Tenant', name);
    const allowed = await authorize(caller, 'tenant.verify_isolation', tenantTarget(name, tenant));
    if (tenant === undefined) throw absent({ kind: 'Tenant', name });
    return { tenant, allowed };
  }

  async function begin({ _id: pair, running, tenants }: VerificationDocument): Promise<void> {
    if (running !== null)
      await startOrDefer(
        'the accepted verification',
        {},
        start({ pair, id: running.id, names: tenants.map(({ name }) => name) }),
      );
  }

  async function verify({
    params: { name },
    body: { against },
    caller,
    keep,
  }: Parameters<RouteHandlers['verifyIsolationOfTenant']>[0]): ReturnType<RouteHandlers['verifyIsolationOfTenant']> {
    const first = await authorized(caller, name);
    if (against === name)
      throw new TenureError('request_invalid', 'a tenant cannot be verified against itself', {
        errors: [{ pointer: '/against', message: 'is the tenant itself', fix: 'Name another tenant.' }],
      });
    const second = await authorized(caller, against);
    await requireTemporal();
    const reply = (verification: VerificationDocument) =>
      ({
        status: 202,
        body: verificationBody(verification),
        headers: { location: `/v1/tenants/${name}:isolation-report?against=${against}` },
        about: { tenant: { uid: first.tenant._id, name } },
      }) as const;
    const verification = await acceptVerification(store, {
      tenants: [first.tenant, second.tenant],
      policies: [first.allowed.policy, second.allowed.policy],
      caller,
      alsoCommit: (tx, accepted) => keep(tx, reply(accepted)),
    });
    await begin(verification);
    return reply(verification);
  }

  return {
    verifyIsolationOfTenant: (request) => retryOnConflict({ kind: 'exists' }, () => verify(request)),
    async isolationReportOfTenant({ params: { name }, query: { against }, caller }) {
      const { tenant } = await authorized(caller, name);
      const found =
        against === undefined
          ? await store.verifications.latestOf(tenant._id)
          : await store.verifications.find(pairOf(tenant._id, (await authorized(caller, against)).tenant._id));
      if (found === undefined) throw notVerified(name);
      // The other tenant may be gone and the caller confined to this one; then the caller may not see the report.
      for (const { uid, name: named } of found.tenants) {
        if (uid === tenant._id) continue;
        await authorize(caller, 'tenant.verify_isolation', { kind: 'Tenant', name: named, tenant: uid }).catch(
          (error: unknown) => {
            throw error instanceof TenureError && error.code === 'not_found' ? notVerified(name) : error;
          },
        );
      }
      return { status: 200, body: verificationBody(found) };
    },
  };
}
