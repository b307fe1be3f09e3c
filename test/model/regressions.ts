import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeStep } from './step.ts';
import type { Step } from './step.ts';

const directory = fileURLToPath(new URL('regressions', import.meta.url));

/**
 * A saved run that the model could not explain. Its steps are replayed, because its seed gives a different run after a
 * generator is changed.
 */
export interface Regression {
  readonly seed: number;
  readonly path: string;
  /** The steps in words. */
  readonly reads: readonly string[];
  readonly steps: readonly Step[];
}

/** All saved regressions, in the order of their file names. */
export function readRegressions(): (Regression & { readonly file: string })[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith('.json'))
    .toSorted()
    .map((file) => ({ file, ...(JSON.parse(readFileSync(join(directory, file), 'utf8')) as Regression) }));
}

/** Saves a failing run, and returns the path of its file. The same steps are always saved in the same file. */
export function keepRegression({ seed, path, steps }: Omit<Regression, 'reads'>): string {
  const name = createHash('sha256').update(JSON.stringify(steps)).digest('hex').slice(0, 12);
  const file = join(directory, `${name}.json`);
  mkdirSync(directory, { recursive: true });
  writeFileSync(
    file,
    `${JSON.stringify({ seed, path, reads: steps.map(describeStep), steps } satisfies Regression, undefined, 2)}\n`,
  );
  return file;
}
