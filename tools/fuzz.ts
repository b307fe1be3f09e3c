import { runMain } from './process/operator-error.ts';
import { runLonger } from './testing/longer-run.ts';

/** For each role; half an hour in all. */
const DEFAULT_SECONDS = '360';

/**
 * Checks the API against its OpenAPI document for longer than `npm test` does, with a new seed each time unless one is
 * set.
 */
async function main(): Promise<number> {
  return await runLonger('test/interop/openapi.test.ts', {
    TENURE_FUZZ_SECONDS: DEFAULT_SECONDS,
    TENURE_FUZZ_SEED: 'random',
  });
}

await runMain(main);
