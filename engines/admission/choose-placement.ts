import { resolvePlacement } from '../../domain/placement.ts';
import type { PlacementChoice, PlacementInput } from '../../domain/placement.ts';
import { TenureError } from '../../domain/tenure-error.ts';

/**
 * The place for a tenant.
 * @throws TenureError cell_unavailable where waiting may help, placement_impossible with what removed each candidate
 */
export function choosePlacement(input: PlacementInput): PlacementChoice {
  const placed = resolvePlacement(input);
  if (placed.outcome === 'placed') return placed.choice;
  if (placed.waitMayHelp)
    throw new TenureError('cell_unavailable', 'no cell that may take the tenant can be reached now');
  const errors = placed.candidates.map(({ region, cell, removedBy }) => ({
    message: `${cell ?? region}: ${removedBy?.message ?? 'not chosen'}`,
    ...(removedBy === undefined ? {} : { rule: removedBy.rule }),
  }));
  throw new TenureError('placement_impossible', 'every region and cell was removed from the candidates', { errors });
}
