import { after, before, test } from 'node:test';
import type { EmbeddedStack } from '../../tools/stack/embedded-stack.ts';
import { createTemporaryStack } from '../../tools/stack/temporary-stack.ts';
import { everyCase, nameOf } from './fault-cases.ts';
import type { FaultCase } from './fault-cases.ts';
import { roundOf, runRounds } from './rounds.ts';
import { readSeed, shuffled } from './seeded.ts';
import { createTestBed } from './test-bed.ts';
import type { TestBed } from './test-bed.ts';

/** The part of the matrix that every test run has time for: how many rounds, and how many cases of each. */
const roundCount = 4;
const casesPerRound = 10;

const seed = readSeed(process.env);

let stack: EmbeddedStack | undefined;
let bed: TestBed | undefined;
before(async () => {
  stack = await createTemporaryStack({ temporalStorage: 'file' });
  bed = await createTestBed(stack);
});
after(async () => {
  await bed?.stop();
  await stack?.stop();
});

function sample(): FaultCase[] {
  const rounds = [...Map.groupBy(shuffled(everyCase, seed), roundOf).values()];
  return shuffled(rounds, seed)
    .slice(0, roundCount)
    .flatMap((cases) => cases.slice(0, casesPerRound));
}

test(`a sample of the fault matrix ends as declared; TENURE_FAULT_SEED=${seed} runs the same sample`, async (t) => {
  if (bed === undefined) throw new Error('the stack has not been started');
  await runRounds(bed, sample(), async (results) => {
    for (const result of results) {
      if (result.isMissed === true) continue;
      await t.test(nameOf(result.case), () => {
        if (result.failure !== undefined) throw result.failure;
      });
    }
  });
});
