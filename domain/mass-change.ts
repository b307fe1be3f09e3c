import type { OperationKind } from '../contracts/lifecycle.ts';

/** Paths that take a tenant away from its users. */
export const brakedPaths: ReadonlySet<OperationKind> = new Set(['suspend', 'delete', 'purge']);

export interface MassChangeLimits {
  /** Share of all tenants, 0 to 1, that may go one such path within the window. */
  readonly share: number;
  /** So many may in any case: a small installation is not all share. */
  readonly atLeast: number;
  readonly windowMs: number;
}

/** How many tenants may go a braked path within the window without somebody's confirmation. */
export function massChangeLimit(tenants: number, { share, atLeast }: MassChangeLimits): number {
  return Math.max(atLeast, Math.floor(tenants * share));
}
