import type { IsolationMode } from '../../contracts/lifecycle.ts';
import type { TenantSpec } from '../../contracts/manifests/tenant.ts';
import { layoutOf } from '../../domain/home-layout.ts';
import type { HomeLayout } from '../../domain/home-layout.ts';
import type { HomeForm } from '../../domain/isolation.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { Cell } from './cells.ts';

/** How long the holder may still work on a home. */
export interface WorkLease {
  /** Milliseconds left, at least 1. @throws TenureError fenced, control_unavailable or cell_unavailable if none are left */
  remainingMs(): number;
}

/** A cell, and the lease to work on it. */
export interface CellWork {
  readonly cell: Cell;
  readonly lease: WorkLease;
}

/** What a home should be. */
export interface HomeState {
  readonly spec: TenantSpec;
  readonly form: HomeForm;
  /** The tenant's effective configuration, as JSON. The tenant can read it with its own credential. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** A tenant's place on a cell, what it should be, and the operation that works on it. */
export interface Home extends HomeState, CellWork {
  readonly installation: string;
  readonly uid: string;
  readonly operationId: string;
  readonly mode: IsolationMode;
  /** Name of its user in the registry. */
  readonly user: string | null;
  readonly layout: HomeLayout;
  /** Whether to end the sessions that block a change, because it has waited long enough. */
  readonly impatient?: boolean;
  /** Its state when the running operation started; absent if nothing of it existed yet. */
  readonly before?: HomeState;
}

export function describeHome(home: Omit<Home, 'layout'>): Home {
  return { ...home, layout: layoutOf(home) };
}

/**
 * The home with its state before the operation as the goal.
 * @throws TenureError internal if that state is unknown
 */
export function reversed(home: Home): Home {
  const { spec, form, config, before } = home;
  if (before === undefined)
    throw new TenureError(
      'internal',
      `the state of the home of tenant ${home.uid} before operation ${home.operationId} is unknown`,
    );
  return describeHome({ ...home, ...before, before: { spec, form, config } });
}
