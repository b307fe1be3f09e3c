import type { ApiClient } from '../../../client/api-client.ts';
import { forEachConcurrent } from '../../../platform/each-at-most.ts';
import type { EmbeddedStack } from '../../../tools/stack/embedded-stack.ts';
import { withInstallation } from '../bench-installation.ts';
import { elapsedMs } from '../elapsed.ts';
import { percentile } from '../figure.ts';
import type { Figure } from '../figure.ts';
import { declareDraft, takePath } from '../product-path.ts';
import { progress } from '../progress.ts';
import { scaled } from '../scale.ts';
import { createFailingTenants, region } from './failing-tenants.ts';

const healthyCount = scaled(200, 12);
const failingCount = scaled(20, 4);
/** Few enough not to fill the machine: otherwise, all other work would show in the figures, failing or not. */
const atOnce = 2;
const paths = ['suspend', 'resume'] as const;

type Phase = 'alone' | 'beside';
/** In this order, a steady change over time affects both phases equally. */
const phases: readonly Phase[] = ['alone', 'beside', 'beside', 'alone', 'alone', 'beside'];

/** Suspends and resumes every healthy tenant once. */
async function takeAll(api: ApiClient, names: readonly string[]): Promise<number[]> {
  const samples: number[] = [];
  for (const path of paths) {
    await forEachConcurrent(atOnce, names, async (name) => {
      samples.push(await elapsedMs(() => takePath(api, name, path)));
    });
  }
  return samples;
}

/** Operations of healthy tenants, with and without other tenants whose operations always fail. */
export function benchQuarantine(stack: EmbeddedStack): Promise<Figure[]> {
  return withInstallation(stack, async ({ installation, api }) => {
    const names = Array.from({ length: healthyCount }, (_, index) => `healthy-${index}`);
    progress(`quarantine: making ${healthyCount} healthy and ${failingCount} failing tenants`);
    await forEachConcurrent(atOnce, names, async (name) => {
      await declareDraft(api, name, region);
      await takePath(api, name, 'activate');
    });
    const failing = await createFailingTenants(
      { client: api, control: installation.control, databases: installation.databases },
      failingCount,
    );
    await takeAll(api, names);
    const samples: Record<Phase, number[]> = { alone: [], beside: [] };
    for (const [at, phase] of phases.entries()) {
      progress(`quarantine: phase ${at + 1} of ${phases.length}, ${phase}`);
      if (phase === 'beside') await failing.begin();
      samples[phase].push(...(await takeAll(api, names)));
      if (phase === 'beside') await failing.end();
    }
    const figure = (quantile: string, share: number, goal: Figure['goal']): Figure => ({
      name: `${healthyCount} healthy beside ${failingCount} failing, ${quantile}`,
      value: percentile(samples.beside, share),
      unit: 'ms',
      floor: { name: 'without the failing', value: percentile(samples.alone, share) },
      goal,
    });
    return [figure('p50', 0.5, { of: 'ratio', atMost: 1.1 }), figure('p95', 0.95, { of: 'ratio', atMost: 1.1 })];
  });
}
