import type { MongoClient } from 'mongodb';
import { createDueWork } from '../../../engines/registry/due-work.ts';
import { controlDatabase } from '../../../store/control-database.ts';
import type { ControlDatabaseNames } from '../../../store/control-database.ts';
import type { TenantDocument } from '../../../store/documents.ts';
import type { Store } from '../../../store/store.ts';
import { elapsedMs } from '../elapsed.ts';
import { percentile } from '../figure.ts';
import type { Figure } from '../figure.ts';
import { progress } from '../progress.ts';

/** As the sweep asks for it. */
const idleMs = 5_000;
const stalledBatch = 500;
const dueBatch = 100;
const scans = 10;

export interface ScanTarget {
  readonly client: MongoClient;
  readonly names: ControlDatabaseNames;
  readonly store: Store;
}

/** One look of the sweep at everything: what is stalled and what is due, which begins as nothing. No worker may run beside it. */
async function scan(store: Store): Promise<number> {
  const asItIs = async ({ name }: { readonly name: string }): Promise<TenantDocument> => {
    const tenant = await store.resources.find('Tenant', name);
    if (tenant === undefined) throw new Error(`${name} was due and is gone`);
    return tenant;
  };
  const beginDue = createDueWork({ store, changeTenant: async (request) => ({ outcome: 'unchanged', tenant: await asItIs(request) }), unschedule: asItIs });
  for (const begun of [false, true]) await store.operations.stalled({ idleMs, begun, limit: stalledBatch });
  return (await beginDue(dueBatch)).length;
}

/** Scans for due work where nothing is due, where a hundredth is, and where everything is that can be. */
export async function benchDueWork({ client, names, store }: ScanTarget, tenants: number): Promise<Figure[]> {
  const { resources } = controlDatabase(client, names);
  const past = new Date(Date.now() - 60_000);
  const scheduled = { name: 'enterprise', actor: { subject: 'alice@example.com', roles: ['admin'] }, requestId: 'seed', correlationId: 'seed', time: past };
  const shares: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['nothing due', async () => undefined],
    ['1 % due', () => resources.updateMany({ scheduledPlan: { $ne: null } }, { $set: { 'scheduledPlan.time': past } })],
    [
      'all due',
      async () => {
        await resources.updateMany({ kind: 'Tenant', lifecycle: { $in: ['Active', 'Suspended'] } }, { $set: { scheduledPlan: scheduled } });
        await resources.updateMany({ lifecycle: 'Deleted' }, { $set: { 'deletion.purgeTime': past } });
      },
    ],
  ];
  const figures: Figure[] = [];
  for (const [share, makeDue] of shares) {
    progress(`due work: ${share}`);
    await makeDue();
    const samples: number[] = [];
    let found = 0;
    for (let turn = 0; turn < scans; turn += 1) samples.push(await elapsedMs(async () => (found = await scan(store))));
    figures.push({ name: `due-work scan of ${tenants} tenants, ${share} (takes ${found})`, value: percentile(samples, 0.5), unit: 'ms', goal: { of: 'value', atMost: 5_000 } });
  }
  return figures;
}
