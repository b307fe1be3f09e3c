import { cpus, totalmem } from 'node:os';

import { apiParts } from './api-bench.ts';
import { benchBasics } from './basics-bench.ts';
import { report } from './figure.ts';
import type { Figure } from './figure.ts';
import { ledgerParts } from './ledger-bench.ts';
import { lifecycleParts } from './lifecycle-bench.ts';
import { scale } from './scale.ts';
import { compile } from '../../tools/compile.ts';
import { OperatorError, runMain } from '../../tools/process/operator-error.ts';
import type { EmbeddedStack } from '../../tools/stack/embedded-stack.ts';
import { createTemporaryStack } from '../../tools/stack/temporary-stack.ts';
import { acquireToolchain, toolVariables } from '../../tools/toolchain/acquire.ts';

/** Measures one part on the stack. It starts what it needs, and stops it. */
type Part = (stack: EmbeddedStack) => Promise<Figure[]>;

/** The benchmarks, by the name after `npm run bench:`; `basics` is `npm run bench`. */
const suites: Readonly<Record<string, Readonly<Record<string, Part>>>> = {
  basics: { basics: benchBasics },
  lifecycle: lifecycleParts,
  api: apiParts,
  ledger: ledgerParts,
};

/** `[suite [part…]]`: without a part, all parts of the suite. */
function select([suite = 'basics', ...names]: readonly string[]): Part[] {
  const parts = suites[suite];
  if (parts === undefined)
    throw new OperatorError(`there is no benchmark "${suite}"; there are ${Object.keys(suites).join(', ')}`);
  return (names.length === 0 ? Object.keys(parts) : names).map((name) => {
    const part = parts[name];
    if (part === undefined)
      throw new OperatorError(
        `the benchmark "${suite}" has no part "${name}"; it has ${Object.keys(parts).join(', ')}`,
      );
    return part;
  });
}

/** Measures one part after the other on a fresh stack, with Temporal on a database file as in `npm start`. */
async function main(): Promise<number> {
  const parts = select(process.argv.slice(2));
  const tools = await acquireToolchain({ environment: process.env, report: console.error });
  await compile(process.env);
  const stack = await createTemporaryStack({
    temporalStorage: 'file',
    environment: { ...process.env, ...toolVariables(tools) },
  });
  try {
    const figures: Figure[] = [];
    try {
      for (const part of parts) figures.push(...(await part(stack)));
    } finally {
      // If a part fails, this still prints what was measured before.
      console.log(
        `${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}, everything on one machine`,
      );
      if (scale < 1) console.log(`a trial at TENURE_BENCH_SCALE=${scale}: do not keep these figures`);
      console.log(`\n${report(figures)}`);
    }
    return 0;
  } finally {
    await stack.stop();
  }
}

await runMain(main);
