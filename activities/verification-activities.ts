import { Context } from '@temporalio/activity';
import type { IsolationReport } from '../contracts/isolation-report.ts';
import { homeFormIn } from '../domain/isolation.ts';
import { TenureError } from '../domain/tenure-error.ts';
import type { VerificationInput } from '../domain/workflow-inputs.ts';
import type { Cells } from '../engines/isolation/cells.ts';
import { describeHome } from '../engines/isolation/home.ts';
import type { Home, WorkLease } from '../engines/isolation/home.ts';
import { nothingKnown } from '../engines/isolation/verify/known-refusals.ts';
import { clearLeftovers, verifyPair } from '../engines/isolation/verify/verify-pair.ts';
import type { TenantSecrets } from '../engines/keys/tenant-secrets.ts';
import { requireVerifiable } from '../engines/upkeep/accept-verification.ts';
import { failVerification, recordVerification } from '../engines/upkeep/record-verification.ts';
import type { Failpoints } from '../platform/failpoints.ts';
import type { Logger } from '../platform/logging.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { TenantDocument, VerificationDocument } from '../store/documents.ts';
import type { Store } from '../store/store.ts';
import { ulidsFrom } from '../store/ulid.ts';
import { asFailure } from './failure.ts';
import { reachCell } from './reach-cell.ts';

/** The end of a verification; the report itself is in the control database. */
export interface VerificationEnd {
  readonly verdict: IsolationReport['verdict'] | 'none';
}

export interface VerificationFailure {
  readonly code: string;
  readonly message: string;
}

export interface VerificationActivities {
  /**
   * Probes in both directions and records the result. May be repeated; what an earlier attempt left is removed first.
   */
  verifyBoundary(input: VerificationInput): Promise<VerificationEnd>;
  /** Removes what attempts left on the cells. */
  clearVerification(input: VerificationInput): Promise<void>;
  /** Records that there is no verdict. */
  endVerification(input: VerificationInput & { readonly failure: VerificationFailure }): Promise<void>;
}

/** The time for all probes of one attempt, and for one probe. */
const timeLimitMs = 10 * 60_000;
const commandMs = 15_000;
/** More than all attempts at a verification take together: nothing this old can still be running. */
const leftoverAgeMs = 6 * 60 * 60_000;

export interface VerificationDependencies {
  readonly store: Pick<Store, 'cells' | 'clock' | 'commit' | 'resources' | 'verifications' | 'newId'>;
  readonly cells: Cells;
  readonly installation: string;
  readonly worker: string;
  readonly password: TenantSecrets['password'];
  readonly failpoints: Failpoints;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'isolationProbes' | 'isolationBreaches'>;
}

export function createVerificationActivities({
  store,
  cells,
  installation,
  worker,
  password,
  failpoints,
  logger,
  metrics,
}: VerificationDependencies): VerificationActivities {
  function newLease(): WorkLease {
    const deadline = performance.now() + timeLimitMs;
    const { cancellationSignal } = Context.current();
    return {
      remainingMs() {
        if (cancellationSignal.aborted) throw new TenureError('fenced', 'this attempt was cancelled');
        const leftMs = Math.floor(deadline - performance.now());
        if (leftMs < 1) throw new TenureError('cell_unavailable', 'the isolation was not verified in time');
        return Math.min(leftMs, commandMs);
      },
    };
  }

  async function homeOf(
    { _id: uid, name, spec, placement, lifecycle, databaseUser: user }: TenantDocument,
    lease: WorkLease,
  ): Promise<Home> {
    if (placement === null) throw new TenureError('tenant_not_active', `tenant "${name}" has no placement`);
    return describeHome({
      installation,
      uid,
      operationId: 'verification',
      mode: placement.mode,
      user,
      spec,
      form: homeFormIn(lifecycle),
      config: {},
      cell: await reachCell({ cells, store, worker }, placement.cell),
      lease,
    });
  }

  async function tenantsOf({ tenants }: VerificationDocument): Promise<[TenantDocument, TenantDocument]> {
    const found = await Promise.all(
      tenants.map(async ({ uid, name }) => {
        const tenant = await store.resources.findByUid('Tenant', uid);
        if (tenant === undefined) throw new TenureError('not_found', `tenant "${name}" no longer exists`);
        return tenant;
      }),
    );
    return found as [TenantDocument, TenantDocument];
  }

  const behaviour = nothingKnown();

  const leftoversOf = (verification: string) => ({
    verification,
    olderThan: ulidsFrom(store.clock.now().getTime() - leftoverAgeMs),
  });

  function observe({ id, verdict, directions }: IsolationReport): void {
    for (const { counts, breaches, from } of directions) {
      for (const { family: _, ...classes } of counts)
        for (const [outcome, count] of Object.entries(classes)) metrics.isolationProbes.inc({ outcome }, count);
      if (breaches.length > 0)
        logger.error('the isolation of a tenant is breached', {
          tenant: from,
          operationId: id,
          count: breaches.length,
        });
    }
    if (verdict === 'breached') metrics.isolationBreaches.inc();
  }

  async function verify(input: VerificationInput): Promise<VerificationEnd> {
    const attempt = `${input.id}_${store.newId()}`;
    const document = await store.verifications.begin(input, attempt);
    if (document?.running == null) {
      const { report } = (await store.verifications.find(input.pair)) ?? {};
      return { verdict: report?.id === input.id ? report.verdict : 'none' };
    }
    const tenants = await tenantsOf(document);
    for (const tenant of tenants) requireVerifiable(tenant);
    const lease = newLease();
    const homes = [await homeOf(tenants[0], lease), await homeOf(tenants[1], lease)] as const;
    const startTime = store.clock.now().toISOString();
    const directions = await verifyPair({
      tenants: [
        { name: tenants[0].name, home: homes[0] },
        { name: tenants[1].name, home: homes[1] },
      ],
      leftovers: leftoversOf(input.id),
      attempt,
      password,
      newId: store.newId,
      behaviour,
      planted: () => failpoints.reach('verify.canaries-planted', tenants[0].name),
    });
    const verdict = directions.some(({ breaches }) => breaches.length > 0) ? 'breached' : 'held';
    const report: IsolationReport = {
      id: input.id,
      tenants: tenants.map(({ _id: uid, name, placement }) => ({
        uid,
        name,
        cell: placement?.cell ?? '',
        mode: placement?.mode ?? 'dedicated',
      })),
      startTime,
      endTime: store.clock.now().toISOString(),
      verdict,
      directions,
    };
    const { actor, requestId, correlationId } = document.running;
    await failpoints.reach('verify.before-commit', tenants[0].name);
    await recordVerification(store, {
      running: input,
      attempt,
      caller: { actor, requestId, correlationId },
      tenants,
      report,
    });
    observe(report);
    return { verdict };
  }

  async function asActivity<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw asFailure(error);
    }
  }

  return {
    verifyBoundary: (input) => asActivity(() => verify(input)),
    clearVerification: (input) =>
      asActivity(async () => {
        const document = await store.verifications.find(input.pair);
        if (document === undefined) return;
        const lease = newLease();
        const tenants = await Promise.all(document.tenants.map(({ uid }) => store.resources.findByUid('Tenant', uid)));
        const placed = tenants.flatMap((tenant) => (tenant === undefined || tenant.placement === null ? [] : [tenant]));
        await clearLeftovers(await Promise.all(placed.map((tenant) => homeOf(tenant, lease))), leftoversOf(input.id));
      }),
    endVerification: ({ failure, ...input }) =>
      asActivity(async () => {
        const document = await store.verifications.find(input.pair);
        if (document?.running?.id !== input.id) return;
        const { actor, requestId, correlationId } = document.running;
        await failVerification(store, {
          running: input,
          caller: { actor, requestId, correlationId },
          tenants: document.tenants,
          failure,
        });
      }),
  };
}
