import { TenureError } from '../../domain/tenure-error.ts';
import type { Home } from './home.ts';
import type { Observation } from './home-step.ts';

/** Each round repairs everything it finds; more are needed only while another attempt works on the same. */
const maxRounds = 5;

export interface Reconciliation<Found> {
  readonly observe: (home: Home) => Promise<Found>;
  readonly judge: (home: Home, found: Found) => Observation;
  readonly repair: (home: Home, found: Found) => Promise<void>;
}

/**
 * Checks and repairs until everything is as it should be. Nothing counts as done until a check has confirmed it.
 * @throws TenureError cell_unavailable if others keep changing it
 */
export async function reconcile<Found>(home: Home, { observe, judge, repair }: Reconciliation<Found>): Promise<void> {
  for (let round = 0; ; round += 1) {
    const found = await observe(home);
    if (judge(home, found) === 'present') return;
    if (round === maxRounds)
      throw new TenureError(
        'cell_unavailable',
        `"${home.layout.claim}" on cell "${home.cell.name}" is repeatedly changed by somebody else`,
      );
    await repair(home, found);
  }
}
