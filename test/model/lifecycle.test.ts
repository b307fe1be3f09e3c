import { randomInt } from 'node:crypto';
import { after, before, test } from 'node:test';
import * as fc from 'fast-check';
import { MongoClient } from 'mongodb';
import { readKeyring } from '../../platform/config-files.ts';
import { createTemporalClient } from '../../platform/temporal-client.ts';
import { attachToStack } from '../../tools/stack/attach.ts';
import type { AttachedStack } from '../../tools/stack/attach.ts';
import type { EmbeddedStack } from '../../tools/stack/embedded-stack.ts';
import { createTemporaryStack } from '../../tools/stack/temporary-stack.ts';
import { startInstallation } from '../harness/installation.ts';
import type { Installation } from '../harness/installation.ts';
import { assertLogComplete, untilAllSequenced } from '../harness/log-check.ts';
import { declareBasics } from '../harness/manifests.ts';
import { newModel } from './checking.ts';
import { StepCommand, generatedSteps, isPossible, starts } from './commands.ts';
import { finalChecks } from './final-checks.ts';
import type { Performing } from './performing.ts';
import { perform } from './perform.ts';
import { keepRegression, readRegressions } from './regressions.ts';
import { createModelRun } from './run.ts';
import { shortened } from './shorten.ts';
import { describeStep } from './step.ts';
import type { Step } from './step.ts';
import { wholeLife } from './whole-life.ts';
import { knownPlans } from './world.ts';

/** What is run, and how much: see CONTRIBUTING.md. The defaults are what `npm test` has time for. */
const {
  TENURE_MODEL_RUNS: runs = '40',
  TENURE_MODEL_SECONDS: seconds = '20',
  TENURE_MODEL_SEED: seedText = '4711',
  TENURE_MODEL_PATH: path,
  TENURE_MODEL_KILLS: kills = '1',
  TENURE_MODEL_MONGOD_KILLS: mongodKills = '0',
} = process.env;
const seed = seedText === 'random' ? randomInt(2 ** 31) : Number(seedText);
const maxSteps = 30;
/** How long a failing run may be shortened. */
const shortenMs = 120_000;

const regressions = readRegressions();
/** Databases are killed only in a stack that nothing else uses. */
const needsOwnStack =
  mongodKills !== '0' || regressions.some(({ steps }) => steps.some(({ step }) => step === 'kill-mongod'));
let ownStack: EmbeddedStack | undefined;
let stack: AttachedStack | EmbeddedStack;
let installation: Installation;
let cells: MongoClient[];
let temporal: ReturnType<typeof createTemporalClient>;
let counted = { runs: 0, steps: 0 };

before(async () => {
  if (needsOwnStack) ownStack = await createTemporaryStack();
  stack = ownStack ?? attachToStack();
  // Only the model may start operations, and the brake must not refuse them.
  installation = await startInstallation(stack, {
    settings: { TENURE_BRAKE_AT_LEAST: '1000000' },
  });
  const api = installation.client();
  await declareBasics(api);
  for (const name of knownPlans) {
    await api.call('putPlan', {
      params: { name },
      ifNoneMatch: '*',
      body: {
        apiVersion: 'tenure/v1',
        kind: 'Plan',
        metadata: { name },
        spec: { isolationModes: ['dedicated', 'schema', 'hybrid'], quotas: { tables: 100 } },
      },
    });
  }
  cells = [new MongoClient(stack.mongod['eu-west-1'].adminUri), new MongoClient(stack.mongod['us-east-1'].adminUri)];
  temporal = createTemporalClient({ ...stack.temporal, keyring: readKeyring('codec', stack.files.codecKeyring) });
});
after(async () => {
  await Promise.all([...cells.map((cell) => cell.close()), temporal.close()]);
  await installation.stop();
  await ownStack?.stop();
});

function newRun(): Performing {
  counted = { ...counted, runs: counted.runs + 1 };
  return {
    model: newModel(),
    run: createModelRun(installation, cells, `run-${counted.runs}`),
    temporal: temporal.client,
    stack: ownStack,
  };
}

/** Performs the steps in order, skips those that are not possible, and does the final checks. */
async function replay(steps: readonly Step[]): Promise<void> {
  const performing = newRun();
  for (const step of steps) if (isPossible(performing.model, step)) await perform(performing, step);
  await finalChecks(performing.model, performing.run, stack);
}

test('the model explains every saved regression', async (t) => {
  for (const { file, steps } of regressions) await t.test(file, () => replay(steps));
});

test('a whole life matches the model, with every request that is refused on the way', () => replay(wholeLife('a')));

test(
  `random requests, races and killed processes match the model (seed ${seed})`,
  { timeout: 24 * 3_600_000 },
  async (t) => {
    const until = performance.now() + Number(seconds) * 1000;
    let steps: Step[] = [];
    const tell = (step: Step): void => {
      steps.push(step);
      counted = { ...counted, steps: counted.steps + 1 };
    };
    const commands = fc.commands(
      [
        generatedSteps({ kills: Number(kills), mongodKills: Number(mongodKills) }).map(
          (generated) => new StepCommand(generated, tell),
        ),
      ],
      { maxCommands: maxSteps * 3, size: 'max' },
    );
    const lives = fc.asyncProperty(starts, commands, async (start, chosen) => {
      if (performance.now() > until) return;
      steps = [];
      const performing = newRun();
      for (const step of start) {
        tell(step);
        await perform(performing, step);
      }
      await fc.asyncModelRun(() => ({ model: performing.model, real: performing }), chosen);
      await finalChecks(performing.model, performing.run, stack);
    });
    // A failing run is shortened below: fast-check would begin with the shortest runs, and each attempt takes seconds.
    const details = await fc.check(lives, {
      seed,
      numRuns: Number(runs),
      endOnFailure: true,
      ...(path === undefined ? {} : { path }),
    });
    t.diagnostic(`seed ${seed}: ${counted.runs} runs, ${counted.steps} steps`);
    if (!details.failed) return;
    const first = { steps, error: details.errorInstance };
    const shortest = await shortened(first, replay, performance.now() + shortenMs);
    const at = { seed, path: details.counterexamplePath ?? '' };
    const kept = keepRegression({ ...at, steps: shortest.steps });
    const said = shortest.error instanceof Error ? shortest.error.message : String(shortest.error);
    throw new Error(
      `${said}\n\nafter:\n${shortest.steps.map((step) => `  ${describeStep(step)}`).join('\n')}\n\nseed ${seed}, path "${at.path}"; saved as ${kept}`,
      { cause: shortest.error },
    );
  },
);

test('the log has every entry of these runs, in order', async () => {
  await untilAllSequenced(installation);
  await assertLogComplete(installation);
});
