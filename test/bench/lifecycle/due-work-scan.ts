import type { MongoClient } from 'mongodb';
import { createSweepActivities } from '../../../activities/sweep-activities.ts';
import type { SweepActivities } from '../../../activities/sweep-activities.ts';
import { createDueWork } from '../../../engines/upkeep/due-work.ts';
import { createMetrics } from '../../../platform/metrics.ts';
import { controlDatabase } from '../../../store/control-database.ts';
import type { ControlDatabaseNames } from '../../../store/control-database.ts';
import type { OperationDocument, TenantDocument } from '../../../store/documents.ts';
import type { Store } from '../../../store/store.ts';
import { acceptActivation } from '../../harness/control-store.ts';
import { elapsedMs } from '../elapsed.ts';
import { percentile } from '../figure.ts';
import type { Figure } from '../figure.ts';
import { progress } from '../progress.ts';

/** The number of stalled operations, where there are any. One in ten was not begun by any workflow. */
const stalledCount = 300;
const scans = 10;

export interface ScanTarget {
  readonly client: MongoClient;
  readonly names: ControlDatabaseNames;
  readonly store: Store;
}

/** The sweep of a worker, except that it does not really start anything. No worker may run at the same time. */
function idleSweep(store: Store): SweepActivities {
  const asItIs = async ({ name }: { readonly name: string }): Promise<TenantDocument> => {
    const tenant = await store.resources.find('Tenant', name);
    if (tenant === undefined) throw new Error(`${name} was due, but no longer exists`);
    return tenant;
  };
  const nothing = async (): Promise<void> => undefined;
  const ignore = (): void => undefined;
  return createSweepActivities({
    store,
    startOperation: nothing,
    startAccepted: nothing,
    startRollout: nothing,
    startVerification: nothing,
    startWebhook: nothing,
    cancelWorkflow: nothing,
    beginDue: createDueWork({
      store,
      changeTenant: async (request) => ({ outcome: 'unchanged', tenant: await asItIs(request) }),
      unschedule: asItIs,
    }),
    logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    metrics: createMetrics('worker'),
  });
}

/** Inserts operations that were last written an hour ago, each of a tenant that exists. */
async function seedStalled({ client, names, store }: ScanTarget): Promise<void> {
  const { operations } = controlDatabase(client, names);
  const { operation } = await acceptActivation(store, 'stalled');
  const updateTime = new Date(Date.now() - 3_600_000);
  const made = Array.from({ length: stalledCount - 1 }, (_, index): OperationDocument => ({
    ...operation,
    _id: store.newId(),
    updateTime,
    ...(index % 10 === 0 ? {} : { runId: 'seed', state: 'running' }),
  }));
  await operations.insertMany(made);
  await operations.updateOne({ _id: operation._id }, { $set: { updateTime } });
}

/**
 * Sweeps with nothing due, with one percent due, and with everything due that can be. In the last two, there are also
 * stalled operations.
 */
export async function benchDueWork(target: ScanTarget, tenants: number): Promise<Figure[]> {
  const { client, names, store } = target;
  const { resumeStalledOperations, beginDueOperations } = idleSweep(store);
  const { resources } = controlDatabase(client, names);
  const past = new Date(Date.now() - 60_000);
  const scheduled = {
    name: 'enterprise',
    actor: { subject: 'alice@example.com', roles: ['admin'] },
    requestId: 'seed',
    correlationId: 'seed',
    time: past,
  };
  const shares: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['nothing due', async () => undefined],
    [
      '1 % due',
      async () => {
        await seedStalled(target);
        await resources.updateMany({ scheduledPlan: { $ne: null } }, { $set: { 'scheduledPlan.time': past } });
      },
    ],
    [
      'all due',
      async () => {
        await resources.updateMany(
          { kind: 'Tenant', lifecycle: { $in: ['Active', 'Suspended'] } },
          { $set: { scheduledPlan: scheduled } },
        );
        await resources.updateMany({ lifecycle: 'Deleted' }, { $set: { 'deletion.purgeTime': past } });
      },
    ],
  ];
  const figures: Figure[] = [];
  for (const [share, makeDue] of shares) {
    progress(`due work: ${share}`);
    await makeDue();
    const samples: number[] = [];
    const found = { resumed: 0, begun: 0 };
    for (let turn = 0; turn < scans; turn += 1)
      samples.push(
        await elapsedMs(async () => Object.assign(found, await resumeStalledOperations(), await beginDueOperations())),
      );
    figures.push({
      name: `sweep over ${tenants} tenants, ${share} (takes ${found.begun} due and ${found.resumed} stalled operations; starting left out)`,
      value: percentile(samples, 0.5),
      unit: 'ms',
      goal: { of: 'value', atMost: 5_000 },
    });
  }
  return figures;
}
