import { isCancellation, patched, proxyActivities } from '@temporalio/workflow';
import type { DriftActivities } from '../activities/drift-activities.ts';

const { listCells, scanHomes } = proxyActivities<DriftActivities>({
  startToCloseTimeout: '5m',
  heartbeatTimeout: '10s',
  // A worker that cannot reach the cell fails at once: the next attempt may run on another worker.
  retry: { maximumAttempts: 5 },
});

export interface DriftScanOutcome {
  readonly scanned: number;
  readonly drifted: number;
  /** Cells whose scan was not completed; the next scan covers them again. */
  readonly failedCells: readonly string[];
}

/** Scans every home of every cell, page by page. A schedule runs it; it holds no state. When cancelled, it ends. */
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
      // An unavailable cell must not block the scan of the others.
      failedCells.push(cell);
    }
  }
  return { scanned, drifted, failedCells };
}
