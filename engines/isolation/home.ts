import type { IsolationMode } from '../../contracts/lifecycle.ts';
import type { TenantSpec } from '../../contracts/manifests/tenant.ts';
import { layoutOf } from '../../domain/home-layout.ts';
import type { HomeLayout } from '../../domain/home-layout.ts';
import type { HomeForm } from '../../domain/isolation.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { Cell } from './cells.ts';

/** How long the one who works on a home may still do so. */
export interface WorkLease {
  /** Milliseconds left, at least 1. @throws TenureError fenced, when there are none */
  remainingMs(): number;
}

/** A cell, and how long one may work on it. */
export interface CellWork {
  readonly cell: Cell;
  readonly lease: WorkLease;
}

/** What a home is to be. */
export interface HomeState {
  readonly spec: TenantSpec;
  readonly form: HomeForm;
  /** The tenant's effective configuration, as JSON. The tenant can read it with its own credential. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** A tenant's place on a cell, what it is to be, and who is at work on it. */
export interface Home extends HomeState, CellWork {
  readonly installation: string;
  readonly uid: string;
  readonly operationId: string;
  readonly mode: IsolationMode;
  /** Name of the user that the registry holds for it. */
  readonly user: string | null;
  readonly layout: HomeLayout;
  /** Whether what a change waits for is to be ended: it has been waited for long enough. */
  readonly impatient?: boolean;
  /** What it was when the running operation began; absent while nothing of it stood yet. */
  readonly before?: HomeState;
}

export function describeHome(home: Omit<Home, 'layout'>): Home {
  return { ...home, layout: layoutOf(home) };
}

/**
 * The home on its way back to what it was before the operation.
 * @throws TenureError internal, where nothing is known of that
 */
export function reversed(home: Home): Home {
  const { spec, form, config, before } = home;
  if (before === undefined)
    throw new TenureError(
      'internal',
      `nothing is known of the home of tenant ${home.uid} before operation ${home.operationId}`,
    );
  return describeHome({ ...home, ...before, before: { spec, form, config } });
}
