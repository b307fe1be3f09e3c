import { resolvePlacement } from '../../domain/placement.ts';
import type { PlacementChoice, PlacementInput } from '../../domain/placement.ts';
import { TenureError } from '../../domain/tenure-error.ts';

/** * Chooses the place for a tenant.
 * @throws TenureError cell_unavailable if waiting may help; placement_impossible, with the reason for each candidate
 */
export function choosePlacement(input: PlacementInput): PlacementChoice {
  const placed = resolvePlacement(input);
  if (placed.outcome === 'placed') return placed.choice;
  if (placed.waitMayHelp)
    throw new TenureError('cell_unavailable', 'none of the cells that could take the tenant is reachable now');
  const errors = placed.candidates.map(({ region, cell, removedBy }) => ({
    message: `${cell ?? region}: ${removedBy?.message ?? 'not chosen'}`,
    ...(removedBy === undefined ? {} : { rule: removedBy.rule }),
  }));
  throw new TenureError('placement_impossible', 'no region or cell can take the tenant', { errors });
}
