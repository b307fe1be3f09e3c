import type { OperationKind } from '../../contracts/lifecycle.ts';
import { brakedPaths, massChangeLimit } from '../../domain/mass-change.ts';
import type { MassChangeLimits } from '../../domain/mass-change.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { Transaction } from '../../store/commit.ts';
import type { Store } from '../../store/store.ts';

/** Stops a program or a person from taking more tenants away at once than anybody intends. */
export interface MassChangeBrake {
  /**
   * Counts the tenants and returns a check for one more change. The check counts the change in the accepting
   * transaction, so that concurrent changes are counted one after the other, and throws TenureError mass_change_braked.
   * A `confirmed` change passes whatever the count.
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
          `${path}: ${within} of ${tenants} tenants within ${Math.round(limits.windowMs / 60_000)} minutes; more than ${most} need a confirmation`,
        );
      };
    },
  };
}
