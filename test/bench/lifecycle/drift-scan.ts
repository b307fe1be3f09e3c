import { readKeyring } from '../../../platform/config-files.ts';
import { createTemporalClient } from '../../../platform/temporal-client.ts';
import { driftScheduleId } from '../../../workers/schedules.ts';
import type { Cell } from '../../../engines/isolation/cells.ts';
import { forEachConcurrent } from '../../../platform/each-at-most.ts';
import type { Installation } from '../../harness/installation.ts';
import { until } from '../../harness/until.ts';
import { elapsedMs } from '../elapsed.ts';
import type { Figure } from '../figure.ts';
import { progress } from '../progress.ts';

const scans = 3;
const scanTimeoutMs = 10 * 60_000;
/** The number of commands at a time, the same as in the scan. */
const atOnce = 4;

/**
 * The commands that are necessary to observe the homes: what is in each database, and the indexes of each collection.
 */
async function rawScan({ client }: Cell): Promise<number> {
  const { databases } = (await client
    .db('admin')
    .command({ listDatabases: 1, nameOnly: true, filter: { name: /^tenant_/ } })) as { databases: { name: string }[] };
  await forEachConcurrent(atOnce, databases, async ({ name }) => {
    const db = client.db(name);
    for (const { name: collection } of await db.listCollections().toArray())
      await db.command({ listIndexes: collection });
  });
  return databases.length;
}

/**
 * Scans of all homes, started by the schedule. The first one records for each home that it has no drift; later ones
 * find that this has not changed.
 */
export async function benchDriftScan({ environment, taskQueue }: Installation, cell: Cell): Promise<Figure[]> {
  const temporal = createTemporalClient({
    address: environment['TENURE_TEMPORAL_ADDRESS'] ?? '',
    namespace: environment['TENURE_TEMPORAL_NAMESPACE'] ?? '',
    keyring: readKeyring('codec', environment['TENURE_CODEC_KEYRING_FILE'] ?? ''),
  });
  const schedule = temporal.client.schedule.getHandle(driftScheduleId(taskQueue));

  async function scan(): Promise<number> {
    const { info: before } = await schedule.describe();
    await schedule.trigger();
    const workflowId = await until(
      'the scan has begun',
      async () => {
        const { info } = await schedule.describe();
        const action = info.recentActions.at(-1)?.action;
        return info.numActionsTaken > before.numActionsTaken && action?.type === 'startWorkflow'
          ? action.workflow.workflowId
          : undefined;
      },
      scanTimeoutMs,
    );
    const { scanned, drifted, failedCells } = (await temporal.client.workflow.getHandle(workflowId).result()) as {
      scanned: number;
      drifted: number;
      failedCells: string[];
    };
    if (drifted > 0 || failedCells.length > 0)
      throw new Error(`a scan found drift in ${drifted} homes and could not scan ${failedCells.join()}`);
    return scanned;
  }

  const perThousand = async (work: () => Promise<number>): Promise<number> => {
    let homes = 0;
    const ms = await elapsedMs(async () => {
      homes = await work();
    });
    return (ms / homes) * 1_000;
  };
  try {
    const ours: number[] = [];
    const raw: number[] = [];
    for (let turn = 0; turn < scans; turn += 1) {
      progress(`cells: drift scan ${turn + 1} of ${scans}`);
      ours.push(await perThousand(scan));
      raw.push(await perThousand(() => rawScan(cell)));
    }
    const figure = (name: string, at: number, goal: Figure['goal']): Figure => ({
      name,
      value: ours[at] ?? Number.NaN,
      unit: 'ms',
      floor: { name: 'raw listCollections + listIndexes', value: raw[at] ?? Number.NaN },
      goal,
    });
    return [
      figure('drift scan per 1000 tenants, the first', 0, { of: 'none' }),
      figure('drift scan per 1000 tenants, a later one', scans - 1, { of: 'ratio', atMost: 3 }),
    ];
  } finally {
    await temporal.close();
  }
}
