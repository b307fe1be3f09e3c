import { MongoClient } from 'mongodb';
import type { ApiClient } from '../../../client/api-client.ts';
import { apiVersion } from '../../../contracts/manifests/metadata.ts';
import { budgetRefusalShare } from '../../../domain/placement.ts';
import { endpointOf } from '../../../engines/isolation/cells.ts';
import type { EmbeddedStack } from '../../../tools/stack/embedded-stack.ts';
import { withInstallation } from '../bench-installation.ts';
import { elapsedMs } from '../elapsed.ts';
import type { Figure } from '../figure.ts';
import { floorMs, openPathFloor } from '../path-floor.ts';
import { declareDraft, takePath } from '../product-path.ts';
import { progress } from '../progress.ts';
import { scaled } from '../scale.ts';
import { benchDriftScan } from './drift-scan.ts';
import { fillCell, tablesOfHome } from './filled-cell.ts';
import { curve } from './flatness.ts';
import type { SizedSamples } from './flatness.ts';

/** The default budget of a cell. */
const tableBudget = scaled(20_000, 2_000);
/** Shares of the part of the budget that is open to new tenants. */
const shares = [0, 0.25, 0.5, 1];
const rounds = scaled(20, 4);
const warmRounds = 2;
/** The tables of the tenants that are provisioned during the measurement, at all levels together. */
const measuredTables = 6 * shares.length * (rounds + warmRounds);

async function declareBudget(api: ApiClient, cell: string): Promise<void> {
  const spec = { jurisdiction: 'EU', cells: [{ name: cell, tableBudget }] };
  await api.call('putRegion', {
    params: { name: 'eu-west-1' },
    ifMatch: '*',
    body: { apiVersion, kind: 'Region', metadata: { name: 'eu-west-1' }, spec },
  });
}

/**
 * Provisioning while a cell fills up to the part of its budget that is open to new tenants, and then drift scans of the
 * cell.
 */
export function benchCells(stack: EmbeddedStack): Promise<Figure[]> {
  return withInstallation(stack, async ({ installation, api }) => {
    const { adminUri } = stack.mongod['eu-west-1'];
    const cell = { name: 'eu-west-1-a', client: new MongoClient(adminUri), endpoint: endpointOf(adminUri) };
    await declareBudget(api, cell.name);
    const floor = await openPathFloor(stack);
    const sizes: SizedSamples[] = [];
    let homes = 0;
    try {
      for (const share of shares) {
        const wanted = Math.floor((share * (tableBudget * budgetRefusalShare - measuredTables)) / tablesOfHome);
        await fillCell({ ...installation, cell }, wanted - homes);
        homes = wanted;
        const tables = (await installation.store.cells.observations()).get(cell.name)?.tables ?? 0;
        progress(`cells: provisioning beside ${tables} tables`);
        const samples = { at: `${tables} tables in the cell`, product: [] as number[], floor: [] as number[] };
        for (let round = -warmRounds; round < rounds; round += 1) {
          const name = `beside-${homes}-${round + warmRounds}`;
          await declareDraft(api, name);
          const productMs = await elapsedMs(() => takePath(api, name, 'activate'));
          const sample = await floor.tenant(name)('activate');
          if (round < 0) continue;
          samples.product.push(productMs);
          samples.floor.push(floorMs(sample));
        }
        sizes.push(samples);
      }
      return [...curve('activate', sizes), ...(await benchDriftScan(installation, cell))];
    } finally {
      await Promise.all([floor.close(), cell.client.close()]);
    }
  });
}
