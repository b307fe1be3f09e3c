import { problems } from '../contracts/problems.ts';
import { homeFormIn } from '../domain/isolation.ts';
import { effectiveConfig } from '../domain/tenant-template.ts';
import { TenureError } from '../domain/tenure-error.ts';
import type { Cell, Cells } from '../engines/isolation/cells.ts';
import { describeHome } from '../engines/isolation/home.ts';
import type { Home, WorkLease } from '../engines/isolation/home.ts';
import { scanCell } from '../engines/isolation/drift/scan-cell.ts';
import { newOperationOf } from '../engines/changes/change-request.ts';
import type { Templates } from '../engines/rollouts/templates.ts';
import type { RecordedDrift, ScannedTenant } from '../engines/upkeep/record-drift.ts';
import type { Failpoints } from '../platform/failpoints.ts';
import { errorFields } from '../platform/logging.ts';
import type { Logger } from '../platform/logging.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { StartAccepted } from '../platform/start-or-defer.ts';
import type { TenantDocument } from '../store/documents.ts';
import type { Store } from '../store/store.ts';
import { asFailure } from './failure.ts';
import { reachCell } from './reach-cell.ts';

export interface DriftPage {
  readonly scanned: number;
  readonly drifted: number;
  /** Where the next page begins; absent after the last. */
  readonly next?: string;
}

export interface DriftActivities {
  /** The configured cells. */
  listCells(): Promise<readonly string[]>;
  /**
   * Scans one page of a cell's homes, records the findings, and starts the operations that reconcile them. The first
   * page also removes what is left of purged tenants.
   */
  scanHomes(input: { readonly cell: string; readonly after?: string }): Promise<DriftPage>;
}

/** The number of homes that are scanned together. */
const pageSize = 500;

/** A scan only reads, so a simple time limit is enough. */
const timeLimitMs = 60_000;

export interface DriftDependencies {
  readonly store: Pick<Store, 'resources' | 'drift' | 'backoffs' | 'cells'>;
  readonly cells: Cells;
  readonly templates: Templates;
  readonly installation: string;
  readonly worker: string;
  readonly record: (scanned: readonly ScannedTenant[]) => AsyncIterable<RecordedDrift & ScannedTenant>;
  readonly startAccepted: StartAccepted;
  readonly failpoints: Failpoints;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'driftFindings' | 'driftScans'>;
}

export function createDriftActivities({
  store,
  cells,
  templates,
  installation,
  worker,
  record,
  startAccepted,
  failpoints,
  logger,
  metrics,
}: DriftDependencies): DriftActivities {
  async function homeOf(tenant: TenantDocument, cell: Cell, lease: WorkLease): Promise<Home | undefined> {
    const { _id: uid, spec, placement, lifecycle, databaseUser: user } = tenant;
    if (placement === null) return undefined;
    const config = effectiveConfig(await templates.of(spec), spec.config);
    return describeHome({
      installation,
      uid,
      operationId: 'scan',
      mode: placement.mode,
      user,
      spec,
      form: homeFormIn(lifecycle),
      config,
      cell,
      lease,
    });
  }

  async function begin({ begun, refused }: RecordedDrift, { name, spec }: TenantDocument): Promise<void> {
    if (refused !== undefined) logger.warn('drift is not repaired now', { tenant: name, ...errorFields(refused) });
    const operation = newOperationOf(begun);
    if (operation !== undefined) await startAccepted(operation, spec.plan);
  }

  async function scanPage(name: string, after: string | undefined): Promise<DriftPage> {
    const cell = await reachCell({ cells, store, worker }, name);
    const deadline = performance.now() + timeLimitMs;
    const lease: WorkLease = {
      remainingMs() {
        const leftMs = Math.floor(deadline - performance.now());
        if (leftMs < 1) throw new TenureError('cell_unavailable', `cell "${name}" was not scanned in time`);
        return leftMs;
      },
    };
    await failpoints.reach('scan.before-look', name);
    const { documents: tenants, more } = await store.resources.idleOn(name, after, pageSize);
    const scannable: { readonly tenant: TenantDocument; readonly home: Home }[] = [];
    for (const tenant of tenants) {
      try {
        const home = await homeOf(tenant, cell, lease);
        if (home !== undefined) scannable.push({ tenant, home });
      } catch (error) {
        // A tenant whose template is gone, for example, must not block the scan of the others.
        if (error instanceof TenureError && problems[error.code].retryable) throw error;
        logger.warn('a home could not be scanned', { tenant: tenant.name, cell: name, ...errorFields(error) });
      }
    }
    const found = await scanCell({ cell, lease, homes: scannable.map(({ home }) => home) });
    const scanned = scannable.map(({ home, ...rest }) => ({ ...rest, findings: found.get(home) ?? [] }));
    let drifted = 0;
    for await (const { tenant, findings, ...recorded } of record(scanned)) {
      for (const { part, kind } of findings) metrics.driftFindings.inc({ part, kind });
      if (findings.length > 0) drifted += 1;
      await begin(recorded, tenant);
    }
    const last = tenants.at(-1);
    return {
      scanned: tenants.length,
      drifted,
      ...((more || tenants.length === pageSize) && last !== undefined ? { next: last._id } : {}),
    };
  }

  return {
    listCells: async () => cells.names,
    async scanHomes({ cell, after }) {
      const stop = metrics.driftScans.startTimer({ cell });
      try {
        // A purge removes the data that it sees; this removes what was written after it.
        if (after === undefined) await Promise.all([store.drift.forgetPurged(), store.backoffs.forgetPurged()]);
        return await scanPage(cell, after);
      } catch (error) {
        throw asFailure(error);
      } finally {
        stop();
      }
    },
  };
}
