import type { OperationKind } from '../../contracts/lifecycle.ts';
import { brakedPaths, massChangeLimit } from '../../domain/mass-change.ts';
import type { MassChangeLimits } from '../../domain/mass-change.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { Transaction } from '../../store/commit.ts';
import type { Store } from '../../store/store.ts';

/** Stops a program or a person from suspending, deleting or purging more tenants at once than intended. */
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
      const limit = massChangeLimit(tenants, limits);
      return async (tx) => {
        const count = await brakes.count(tx, path, limits.windowMs);
        if (count <= limit || confirmed) return;
        throw new TenureError(
          'mass_change_braked',
          `${path}: ${count} of ${tenants} tenants within ${Math.round(limits.windowMs / 60_000)} minutes; more than ${limit} need a confirmation`,
        );
      };
    },
  };
}
