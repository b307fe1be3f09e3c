import type { TenantSpec } from '../../contracts/manifests/tenant.ts';
import { homeNames } from '../../domain/isolation.ts';
import type { HomeNames } from '../../domain/isolation.ts';
import type { Cell } from './cells.ts';

/** How long the one who works on a home may still do so. */
export interface WorkLease {
  /** Milliseconds left, at least 1. @throws TenureError fenced, when there are none */
  remainingMs(): number;
}

/** A tenant's place on a cell, and who is at work on it. */
export interface Home {
  readonly installation: string;
  readonly uid: string;
  readonly operationId: string;
  readonly spec: TenantSpec;
  readonly cell: Cell;
  readonly names: HomeNames;
  readonly lease: WorkLease;
}

export function describeHome(home: Omit<Home, 'names'>): Home {
  return { ...home, names: homeNames(home.uid) };
}
