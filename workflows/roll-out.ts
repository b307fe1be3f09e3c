import { continueAsNew, proxyActivities, setCurrentDetails, sleep } from '@temporalio/workflow';
import type { RolloutActivities } from '../activities/rollout-activities.ts';

const { advanceRollout } = proxyActivities<RolloutActivities>({
  startToCloseTimeout: '2m',
  heartbeatTimeout: '10s',
  retry: { initialInterval: '1s', maximumInterval: '15s' },
});

const iterationsPerRun = 500;
const pauseMs = 300;

/**
 * Brings a version of a template to its tenants, step by step, until there is no more work for it: it has ended, or it
 * is paused and everything that it started has ended. All of its state is in the control database.
 */
export async function rollOut({ id }: { readonly id: string }): Promise<void> {
  setCurrentDetails(`Roll-out \`${id}\`: \`tenure roll-out status ${id}\` says how far it is.`);
  for (let iteration = 0; iteration < iterationsPerRun; iteration += 1) {
    if ((await advanceRollout({ id })).done) return;
    await sleep(pauseMs);
  }
  await continueAsNew<typeof rollOut>({ id });
}
