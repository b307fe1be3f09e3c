import { runMain } from './process/operator-error.ts';
import { runLonger } from './testing/longer-run.ts';

const DEFAULT_MINUTES = '10';

/**
 * Kills and pauses every process of an installation for longer than `npm test` does, with a new seed each time unless
 * one is set.
 */
async function main(): Promise<number> {
  return await runLonger('test/chaos/chaos.test.ts', {
    TENURE_CHAOS_MINUTES: DEFAULT_MINUTES,
    TENURE_CHAOS_SEED: 'random',
    TENURE_CHAOS_STORES: '1',
    TENURE_CHAOS_TENANTS: '4',
    TENURE_CHAOS_CALLERS: '24',
  });
}

await runMain(main);
