import type { OperationKind } from '../../../contracts/lifecycle.ts';
import type { EmbeddedStack } from '../../../tools/stack/embedded-stack.ts';
import { withInstallation } from '../bench-installation.ts';
import { elapsedMs } from '../elapsed.ts';
import { percentile } from '../figure.ts';
import type { Figure } from '../figure.ts';
import { floorMs, floorName, openPathFloor } from '../path-floor.ts';
import { declareDraft, declareSecondPlan, takePath } from '../product-path.ts';
import { progress } from '../progress.ts';
import { scaled } from '../scale.ts';

/** A whole life, with every path in it. */
const life: readonly OperationKind[] = [
  'activate',
  'reconcile',
  'change_plan',
  'suspend',
  'resume',
  'suspend',
  'archive',
  'reactivate',
  'suspend',
  'archive',
  'delete',
  'undelete',
  'delete',
  'purge',
];
const paths = [...new Set(life)];
/** Their only step is a commit: the cost of a request and of a workflow counts for more. */
const oneStep: ReadonlySet<OperationKind> = new Set(['change_plan', 'delete', 'undelete']);

const warmLives = 2;
const lives = scaled(50, 2);
const quantiles = [
  ['p50', 0.5],
  ['p99', 0.99],
] as const;

/**
 * Every path compared with its floor, one tenant's life after the other. Each path alternates with its floor, so that a
 * noisy moment affects both.
 */
export function benchPaths(stack: EmbeddedStack): Promise<Figure[]> {
  return withInstallation(stack, async ({ api }) => {
    await declareSecondPlan(api);
    const floor = await openPathFloor(stack);
    const taken = new Map(paths.map((kind) => [kind, { product: [] as number[], floor: [] as number[] }]));
    try {
      for (let round = 0; round < warmLives + lives; round += 1) {
        if (round % 10 === warmLives) progress(`paths: life ${round - warmLives + 1} of ${lives}`);
        const name = `life-${round}`;
        const floorTenant = floor.tenant(name);
        await declareDraft(api, name);
        for (const kind of life) {
          const productMs = await elapsedMs(() => takePath(api, name, kind));
          const sample = await floorTenant(kind);
          if (round < warmLives) continue;
          taken.get(kind)?.product.push(productMs);
          taken.get(kind)?.floor.push(floorMs(sample));
        }
      }
    } finally {
      await floor.close();
    }
    return [...taken].flatMap(([kind, samples]) =>
      quantiles.map(([quantile, share]): Figure => ({
        name: `${kind}, ${quantile}`,
        value: percentile(samples.product, share),
        unit: 'ms',
        floor: { name: floorName, value: percentile(samples.floor, share) },
        goal: { of: 'ratio', atMost: oneStep.has(kind) ? 1.7 : 1.5 },
      })),
    );
  });
}
