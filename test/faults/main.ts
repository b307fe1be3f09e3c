import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

import { everyCase, nameOf } from './fault-cases.ts';
import type { FaultCase } from './fault-cases.ts';
import { matrixDocument, matrixReport } from './matrix-report.ts';
import { roundOf, runRounds } from './rounds.ts';
import type { TellRound } from './rounds.ts';
import type { CaseResult } from './round.ts';
import { readSeed, shuffled } from './seeded.ts';
import { createTestBed } from './test-bed.ts';
import { compile } from '../../tools/compile.ts';
import { OperatorError, runMain } from '../../tools/process/operator-error.ts';
import { createTemporaryStack } from '../../tools/stack/temporary-stack.ts';
import { acquireToolchain, toolVariables } from '../../tools/toolchain/acquire.ts';

const document = fileURLToPath(new URL(`../../${matrixDocument}`, import.meta.url));

function minutes(ms: number): string {
  return `${(ms / 60_000).toFixed(1)} min`;
}

/** A round waits for leases and sweeps more than it works, so several installations run at once. */
const laneCount = 1 + availableParallelism();

/** How many cases of one kind stay together: some full rounds. */
const chunkSize = 120;

/** Distributes the cases, the largest chunks first, each to the lane with the fewest cases. */
function lanesOf(cases: readonly FaultCase[]): FaultCase[][] {
  const chunks = [...Map.groupBy(cases, roundOf).values()].flatMap((group) =>
    Array.from({ length: Math.ceil(group.length / chunkSize) }, (_, index) =>
      group.slice(index * chunkSize, (index + 1) * chunkSize),
    ),
  );
  const lanes: FaultCase[][] = Array.from({ length: laneCount }, () => []);
  for (const chunk of chunks.toSorted((a, b) => b.length - a.length))
    lanes.reduce((least, lane) => (lane.length < least.length ? lane : least)).push(...chunk);
  return lanes.filter((lane) => lane.length > 0);
}

async function runLane(
  environment: NodeJS.ProcessEnv,
  cases: readonly FaultCase[],
  tell: TellRound,
): Promise<CaseResult[]> {
  const stack = await createTemporaryStack({ temporalStorage: 'file', environment });
  try {
    const bed = await createTestBed(stack);
    try {
      return await runRounds(bed, cases, tell);
    } finally {
      await bed.stop();
    }
  } finally {
    await stack.stop();
  }
}

/**
 * Runs the whole fault matrix and writes its report. With texts as arguments, runs only the cases whose names contain
 * all of them.
 */
async function main(): Promise<number> {
  const texts = process.argv.slice(2);
  const chosen = everyCase.filter((faultCase) => texts.every((text) => nameOf(faultCase).includes(text)));
  if (chosen.length === 0)
    throw new OperatorError(
      `no case name contains all of these texts: ${texts.join(' · ')}; an example is "${nameOf(everyCase[0]!)}"`,
    );
  const seed = readSeed(process.env);
  const cases = shuffled(chosen, seed);
  console.log(`${cases.length} cases; TENURE_FAULT_SEED=${seed}`);

  const tools = await acquireToolchain({ environment: process.env, report: console.error });
  await compile(process.env);
  const started = performance.now();
  let done = 0;
  const tell: TellRound = (round, seconds) => {
    const missed = round.filter(({ isMissed }) => isMissed === true).length;
    done += round.length - missed;
    const what = round[0] === undefined ? '' : roundOf(round[0].case);
    console.log(
      `${done}/${cases.length} after ${minutes(performance.now() - started)}: ${what}: ${round.length} in ${seconds.toFixed(1)} s${missed === 0 ? '' : `, ${missed} to run again`}`,
    );
    for (const { failure } of round) if (failure !== undefined) console.log(`✗ ${failure.message}`);
  };
  const environment = { ...process.env, ...toolVariables(tools) };
  const results = (await Promise.all(lanesOf(cases).map((lane) => runLane(environment, lane, tell)))).flat();
  const durationMs = performance.now() - started;
  const failures = results.filter(({ end }) => end === undefined);
  console.log(`${results.length} cases, ${failures.length} not as declared, ${minutes(durationMs)}`);
  if (texts.length === 0) {
    const report = matrixReport({ results, seed, durationMs, cores: availableParallelism() });
    writeFileSync(document, report);
    console.log(`${report}\nwrote ${matrixDocument}`);
  }
  return failures.length === 0 ? 0 : 1;
}

await runMain(main);
