import type { OperationKind } from '../../contracts/lifecycle.ts';
import { brakedPaths, massChangeLimit } from '../../domain/mass-change.ts';
import type { MassChangeLimits } from '../../domain/mass-change.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { Transaction } from '../../store/commit.ts';
import type { Store } from '../../store/store.ts';

/** Stops a program or a person who takes away more tenants at once than anybody means to. */
export interface MassChangeBrake {
  /**
   * Looks how many tenants there are, and returns how one more change passes: it is counted in the accepting transaction, so
   * that changes that are asked for at the same time are counted one after the other. `confirmed`: it passes whatever the count.
   * That throws TenureError mass_change_braked.
   */
  approach(path: OperationKind, confirmed: boolean): Promise<(tx: Transaction) => Promise<void>>;
}

export interface MassChangeBrakeDependencies {
  readonly store: Pick<Store, 'brakes' | 'resources'>;
  readonly limits: MassChangeLimits;
}

const unbraked = async (): Promise<void> => undefined;

export function createMassChangeBrake({
  store: { brakes, resources },
  limits,
}: MassChangeBrakeDependencies): MassChangeBrake {
  return {
    async approach(path, confirmed) {
      if (!brakedPaths.has(path)) return unbraked;
      const tenants = await resources.estimateTenants();
      const most = massChangeLimit(tenants, limits);
      return async (tx) => {
        const within = await brakes.count(tx, path, limits.windowMs);
        if (within <= most || confirmed) return;
        throw new TenureError(
          'mass_change_braked',
          `${path}: ${within} of ${tenants} tenants within ${Math.round(limits.windowMs / 60_000)} minutes; more than ${most} ask for a confirmation`,
        );
      };
    },
  };
}
