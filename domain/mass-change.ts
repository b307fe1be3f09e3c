import type { OperationKind } from '../contracts/lifecycle.ts';

/** Paths that make a tenant unavailable to its users. */
export const brakedPaths: ReadonlySet<OperationKind> = new Set(['suspend', 'delete', 'purge']);

export interface MassChangeLimits {
  /** Share of all tenants, 0 to 1, that may take one such path within the window. */
  readonly share: number;
  /** At least this many may take it, so that a small installation is not blocked by its share. */
  readonly atLeast: number;
  readonly windowMs: number;
}

/** How many tenants may take a braked path within the window without a confirmation. */
export function massChangeLimit(tenants: number, { share, atLeast }: MassChangeLimits): number {
  return Math.max(atLeast, Math.floor(tenants * share));
}
