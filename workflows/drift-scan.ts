import { isCancellation, patched, proxyActivities } from '@temporalio/workflow';
import type { DriftActivities } from '../activities/drift-activities.ts';

const { listCells, scanHomes } = proxyActivities<DriftActivities>({
  startToCloseTimeout: '5m',
  heartbeatTimeout: '30s',
  // A worker that cannot reach the cell gives way: the next attempt may be another's.
  retry: { maximumAttempts: 5 },
});

export interface DriftScanOutcome {
  readonly scanned: number;
  readonly drifted: number;
  /** Cells that could not be scanned to their end; the next scan looks at them again. */
  readonly failedCells: readonly string[];
}

/** Looks at every home of every cell, page by page. A schedule runs it; it holds no state. Cancelled, it ends. */
export async function driftScan(): Promise<DriftScanOutcome> {
  let scanned = 0;
  let drifted = 0;
  const failedCells: string[] = [];
  for (const cell of await listCells()) {
    try {
      for (let after: string | undefined; ;) {
        const page = await scanHomes({ cell, ...(after === undefined ? {} : { after }) });
        scanned += page.scanned;
        drifted += page.drifted;
        if (page.next === undefined) break;
        after = page.next;
      }
    } catch (error) {
      if (isCancellation(error) && patched('drift-scan-ends-when-cancelled')) throw error;
      // One cell that is away does not keep the others from being looked at.
      failedCells.push(cell);
    }
  }
  return { scanned, drifted, failedCells };
}
