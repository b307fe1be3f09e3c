import autocannon from 'autocannon';
import type { EmbeddedStack } from '../../tools/stack/embedded-stack.ts';
import { freePorts } from '../../tools/stack/ports.ts';
import { tenantManifest } from '../harness/manifests.ts';
import { benchFanOut } from './api/fan-out.ts';
import { benchApplying, benchReading } from './api/requests.ts';
import type { Served } from './api/requests.ts';
import { withInstallation } from './bench-installation.ts';
import type { Figure } from './figure.ts';
import { startRawServer } from './floor-processes.ts';
import { residentMb } from './memory-bench.ts';
import { progress } from './progress.ts';
import { scaled } from './scale.ts';

const names = Array.from({ length: 100 }, (_, index) => `tenant-${String(index).padStart(3, '0')}`);
const requestCount = scaled(100_000, 5_000);

/** The memory that requests leave in use: none, once caches and the heap have the size that the load needs. */
async function benchMemory({ server, token }: Served, pid: number): Promise<Figure> {
  const load = (amount: number) =>
    autocannon({
      url: `${server}/v1/tenants/${names[0]}`,
      headers: { authorization: `Bearer ${token}` },
      connections: 16,
      amount,
    });
  await load(Math.round(requestCount / 4));
  const before = residentMb(pid);
  await load(requestCount);
  return {
    name: `API, resident after ${requestCount} more requests`,
    value: residentMb(pid),
    unit: 'MB',
    floor: { name: 'before them', value: before },
    goal: { of: 'ratio', atMost: 1.1 },
  };
}

/** The API compared with express and the raw driver: reads, changes, streams, and memory. */
function benchApi(stack: EmbeddedStack): Promise<Figure[]> {
  return withInstallation(stack, async ({ installation, api }) => {
    for (const name of names)
      await api.call('putTenant', { params: { name }, ifNoneMatch: '*', body: tenantManifest(name) });
    const { apiOps: port } = await freePorts();
    const raw = await startRawServer({
      port,
      controlUri: stack.mongod.control.adminUri,
      database: installation.databases.control,
      tenant: names[0] ?? '',
    });
    try {
      const served: Served = { server: installation.server, raw, token: await installation.token(), names };
      progress('reads');
      const figures = await benchReading(served);
      progress('changes');
      figures.push(await benchApplying(served));
      progress('streams');
      figures.push(
        await benchFanOut(served, installation.control.db(installation.databases.control).collection('resources')),
      );
      progress('memory');
      return [...figures, await benchMemory(served, installation.api.pid)];
    } finally {
      await raw.stop();
    }
  });
}

/** What `npm run bench:api` measures. */
export const apiParts = { api: benchApi };
