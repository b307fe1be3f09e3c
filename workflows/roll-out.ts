import { continueAsNew, proxyActivities, setCurrentDetails, sleep } from '@temporalio/workflow';
import type { RolloutActivities } from '../activities/rollout-activities.ts';

const { advanceRollout } = proxyActivities<RolloutActivities>({
  startToCloseTimeout: '2m',
  retry: { initialInterval: '1s', maximumInterval: '1m' },
});

const turnsPerRun = 500;
const betweenTurnsMs = 300;

/**
 * Brings a version of a template to its tenants, turn by turn, until there is no more work for it: it has ended, or it
 * is paused and everything that it started has ended. All of its state is in the control database.
 */
export async function rollOut({ id }: { readonly id: string }): Promise<void> {
  setCurrentDetails(`Roll-out \`${id}\`: \`tenure roll-out status ${id}\` says how far it is.`);
  for (let turn = 0; turn < turnsPerRun; turn += 1) {
    if ((await advanceRollout({ id })).done) return;
    await sleep(betweenTurnsMs);
  }
  await continueAsNew<typeof rollOut>({ id });
}
