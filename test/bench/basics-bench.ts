import { fileURLToPath } from 'node:url';
import type { EmbeddedStack } from '../../tools/stack/embedded-stack.ts';
import { freePorts } from '../../tools/stack/ports.ts';
import { tenantManifest } from '../harness/manifests.ts';
import { activations, benchActivation } from './activation-bench.ts';
import { withInstallation } from './bench-installation.ts';
import { benchDecision } from './decision-bench.ts';
import type { Figure } from './figure.ts';
import { startRawServer } from './floor-processes.ts';
import { memoryFigures, residentMb } from './memory-bench.ts';
import { openPathFloor } from './path-floor.ts';
import { progress } from './progress.ts';
import { benchReads } from './read-bench.ts';

const policyBundle = fileURLToPath(new URL('../../policies/dist', import.meta.url));
const readTenant = 'read-me';

/** Activations, reads, decisions, and the memory that is in use after them, one after the other on one installation. */
export function benchBasics(stack: EmbeddedStack): Promise<Figure[]> {
  return withInstallation(stack, async ({ installation, api }) => {
    await api.call('putTenant', { params: { name: readTenant }, ifNoneMatch: '*', body: tenantManifest(readTenant) });
    const { apiOps: port } = await freePorts();
    const rawServer = await startRawServer({
      port,
      controlUri: stack.mongod.control.adminUri,
      database: installation.databases.control,
      tenant: readTenant,
    });
    const floor = await openPathFloor(stack);
    try {
      const workerBeforeMb = residentMb(installation.worker.pid);
      progress('activations');
      const figures = await benchActivation(api, floor);
      const workerAfterMb = residentMb(installation.worker.pid);
      progress('reads');
      figures.push(await benchReads(installation.server, rawServer.url, readTenant, await installation.token()));
      progress('decisions');
      figures.push(await benchDecision(policyBundle));
      return [
        ...figures,
        ...memoryFigures({
          apiMb: residentMb(installation.api.pid),
          workerBeforeMb,
          workerAfterMb,
          cachedWorkflows: activations,
        }),
      ];
    } finally {
      await Promise.all([floor.close(), rawServer.stop()]);
    }
  });
}
