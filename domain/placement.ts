import type { PlanSpec } from '../contracts/manifests/plan.ts';
import type { RegionSpec } from '../contracts/manifests/region.ts';
import type { TenantSpec } from '../contracts/manifests/tenant.ts';
import { declaredTables, isolationModeOf } from './isolation.ts';

/** The share of the cell's table budget that new tenants may use; the rest lets the existing ones grow. */
export const budgetRefusalShare = 0.8;

export interface PlacementInput {
  readonly spec: TenantSpec;
  readonly plan: PlanSpec;
  readonly regions: readonly { readonly name: string; readonly spec: RegionSpec }[];
  /** The last observation of each cell, by name. A cell that has not been observed yet is absent. */
  readonly cells: ReadonlyMap<string, CellObservation>;
}

export interface CellObservation {
  readonly reachable: boolean;
  /** Tables reserved there for placed tenants. */
  readonly tables: number;
}

export interface PlacementChoice {
  readonly region: string;
  readonly cell: string;
  readonly mode: 'dedicated' | 'schema' | 'hybrid';
}

/** A region or cell; `removedBy` says why it is not a candidate and is absent if it is one. */
export interface Candidate {
  readonly region: string;
  readonly cell?: string;
  readonly removedBy?: {
    readonly rule: string;
    readonly message: string;
    /** Reveals what other tenants use there: only for callers that may see the fleet. */
    readonly load?: string;
  };
}

export type PlacementResult =
  | { readonly outcome: 'placed'; readonly choice: PlacementChoice; readonly candidates: readonly Candidate[] }
  /** `waitMayHelp`: some cell was removed only because it is not reachable now. */
  | { readonly outcome: 'impossible'; readonly waitMayHelp: boolean; readonly candidates: readonly Candidate[] };

function regionRemoval(input: PlacementInput, region: PlacementInput['regions'][number]): Candidate['removedBy'] {
  const { residency } = input.spec;
  if (residency?.allowedRegions !== undefined && !residency.allowedRegions.includes(region.name)) {
    return { rule: 'residency.allowed_regions', message: 'not among spec.residency.allowedRegions' };
  }
  if (residency?.jurisdictions !== undefined && !residency.jurisdictions.includes(region.spec.jurisdiction)) {
    return {
      rule: 'residency.jurisdictions',
      message: `its jurisdiction ${region.spec.jurisdiction} is not among spec.residency.jurisdictions`,
    };
  }
  if (input.plan.allowedRegions !== undefined && !input.plan.allowedRegions.includes(region.name)) {
    return { rule: 'plan.allowed_regions', message: 'the plan does not offer it' };
  }
  if (!region.spec.acceptsTenants) return { rule: 'region.accepts_tenants', message: 'accepts no new tenants' };
  return undefined;
}

function cellRemoval(
  observation: CellObservation | undefined,
  tableBudget: number,
  neededTables: number,
): Candidate['removedBy'] {
  // Check the budget first: a cell that is both full and unreachable is not worth waiting for.
  const tables = observation?.tables ?? 0;
  if (tables + neededTables > tableBudget * budgetRefusalShare) {
    return {
      rule: 'cell.table_budget',
      message: `has no room for ${neededTables} more tables`,
      load: `has ${tables}, and new tenants may use ${budgetRefusalShare * 100} % of its ${tableBudget}`,
    };
  }
  if (observation?.reachable !== true) return { rule: 'cell.reachable', message: 'is not reachable' };
  return undefined;
}

/**
 * Chooses where to place a tenant: the preferred region if it is a candidate, else the first region by name; in it the
 * cell with the largest free share of its budget, ties by name. Deterministic, whatever the order of the regions.
 */
export function resolvePlacement(input: PlacementInput): PlacementResult {
  const neededTables = declaredTables(input.spec);
  const candidates: Candidate[] = [];
  const eligible: { region: string; cell: string; share: number }[] = [];
  for (const region of input.regions.toSorted((a, b) => compare(a.name, b.name))) {
    const removedBy = regionRemoval(input, region);
    if (removedBy !== undefined) {
      candidates.push({ region: region.name, removedBy });
      continue;
    }
    for (const cell of region.spec.cells) {
      const observation = input.cells.get(cell.name);
      const removal = cellRemoval(observation, cell.tableBudget, neededTables);
      candidates.push({
        region: region.name,
        cell: cell.name,
        ...(removal === undefined ? {} : { removedBy: removal }),
      });
      if (removal === undefined && observation !== undefined)
        eligible.push({ region: region.name, cell: cell.name, share: observation.tables / cell.tableBudget });
    }
  }
  const preferred = input.spec.placement?.preferredRegion;
  const best = eligible.toSorted(
    (a, b) =>
      Number(b.region === preferred) - Number(a.region === preferred) ||
      compare(a.region, b.region) ||
      a.share - b.share ||
      compare(a.cell, b.cell),
  )[0];
  if (best === undefined) {
    return {
      outcome: 'impossible',
      waitMayHelp: candidates.some((candidate) => candidate.removedBy?.rule === 'cell.reachable'),
      candidates,
    };
  }
  return {
    outcome: 'placed',
    choice: { region: best.region, cell: best.cell, mode: isolationModeOf(input.spec) },
    candidates,
  };
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
