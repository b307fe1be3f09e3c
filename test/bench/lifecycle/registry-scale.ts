import type { EmbeddedStack } from '../../../tools/stack/embedded-stack.ts';
import { withInstallation } from '../bench-installation.ts';
import { elapsedMs } from '../elapsed.ts';
import { percentile } from '../figure.ts';
import type { Figure } from '../figure.ts';
import { floorMs, openPathFloor } from '../path-floor.ts';
import { declareDraft, declareSecondPlan, takePath } from '../product-path.ts';
import { progress } from '../progress.ts';
import { scale, scaled } from '../scale.ts';
import { benchDueWork } from './due-work-scan.ts';
import { curve } from './flatness.ts';
import type { SizedSamples } from './flatness.ts';
import { listLatencies, listQuestions, pageSize } from './list-latencies.ts';
import { seedTenants } from './seeded-tenants.ts';

/** A trial skips the largest sizes. */
const sizes = [100, 1_000, 10_000, 100_000].filter((size, index) => index < 2 || size <= 100_000 * scale);
const rounds = scaled(20, 4);
const warmRounds = 2;
const listTurns = scaled(300, 30);
const listAtMostMs = 50;

const paths = ['activate', 'suspend', 'resume'] as const;

/** Lists, operations and scans for due work while the registry grows. */
export function benchRegistry(stack: EmbeddedStack): Promise<Figure[]> {
  return withInstallation(stack, async ({ installation, api }) => {
    await declareSecondPlan(api);
    const { control: client, databases: names, store, server } = installation;
    const operations = new Map(paths.map((path) => [path, [] as SizedSamples[]]));
    const lists: Figure[] = [];
    const prepared: Figure[] = [];
    const floor = await openPathFloor(stack);
    try {
      for (const [at, size] of sizes.entries()) {
        await seedTenants({ client, names, store }, sizes[at - 1] ?? 0, size);
        prepared.push({
          name: `a process makes ready, ${size} tenants`,
          value: await elapsedMs(() => store.prepare()),
          unit: 'ms',
          goal: { of: 'none' },
        });
        progress(`registry: ${size} tenants, lists`);
        const target = { server, token: await installation.token() };
        for (const question of listQuestions) {
          const samples = await listLatencies(target, question, size, listTurns);
          const list = `list of ${pageSize} from ${size}, ${question.name}`;
          lists.push({ name: `${list}, p50`, value: percentile(samples, 0.5), unit: 'ms', goal: { of: 'none' } });
          if (size === sizes.at(-1))
            lists.push({
              name: `${list}, p99`,
              value: percentile(samples, 0.99),
              unit: 'ms',
              goal: { of: 'value', atMost: listAtMostMs },
            });
        }
        progress(`registry: ${size} tenants, operations`);
        const taken = paths.map((path) => ({ path, product: [] as number[], floor: [] as number[] }));
        for (let round = -warmRounds; round < rounds; round += 1) {
          const name = `real-${size}-${round + warmRounds}`;
          const floorTenant = floor.tenant(name);
          await declareDraft(api, name);
          for (const { path, product, floor: floors } of taken) {
            const productMs = await elapsedMs(() => takePath(api, name, path));
            const sample = await floorTenant(path);
            if (round < 0) continue;
            product.push(productMs);
            floors.push(floorMs(sample));
          }
        }
        for (const { path, ...samples } of taken) operations.get(path)?.push({ at: `${size} tenants`, ...samples });
      }
    } finally {
      await floor.close();
    }
    // From here on, there is due work that must not be started.
    await installation.worker.kill('SIGKILL');
    const due = await benchDueWork({ client, names, store }, sizes.at(-1) ?? 0);
    return [...lists, ...due, ...prepared, ...[...operations].flatMap(([path, samples]) => curve(path, samples))];
  });
}
