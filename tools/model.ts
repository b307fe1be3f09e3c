import { runMain } from './process/operator-error.ts';
import { NO_TIME_LIMIT, runLonger } from './testing/longer-run.ts';

const DEFAULT_RUNS = '100';

/** Runs the model of the lifecycle for longer than `npm test` does, with a new seed each time unless one is set. */
async function main(): Promise<number> {
  return await runLonger('test/model', {
    TENURE_MODEL_RUNS: DEFAULT_RUNS,
    TENURE_MODEL_SECONDS: `${NO_TIME_LIMIT}`,
    TENURE_MODEL_SEED: 'random',
    TENURE_MODEL_KILLS: '2',
    TENURE_MODEL_MONGOD_KILLS: '1',
  });
}

await runMain(main);
