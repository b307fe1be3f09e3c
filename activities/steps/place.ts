import { updateConditions } from '../../domain/conditions.ts';
import { layoutOf } from '../../domain/home-layout.ts';
import { declaredTables } from '../../domain/isolation.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import { choosePlacement } from '../../engines/admission/admission.ts';
import type { Store } from '../../store/store.ts';
import { RetryAfter } from '../failure.ts';
import type { StepHandler } from './step-handler.ts';

/** Chooses region and cell, and reserves the tenant's tables there. */
export function placeStep({ cells, resources }: Pick<Store, 'cells' | 'resources'>): StepHandler {
  return {
    async ensure({ tenant, admission: { plan, regions } }) {
      if (plan === undefined) throw new TenureError('policy_refused', `there is no plan "${tenant.spec.plan}"`);
      const { region, cell, mode } = choosePlacement({
        spec: tenant.spec,
        plan: plan.spec,
        regions,
        cells: await cells.observations(),
      });
      return {
        result: `${region}, cell ${cell}`,
        commit: async (tx, current) => {
          const offered = await resources.read(tx, 'Region', regions.find(({ name }) => name === region)?._id ?? '');
          if (offered?.spec.cells.some(({ name }) => name === cell) !== true)
            throw new RetryAfter(`${region} no longer has cell ${cell}`);
          return {
            ...current,
            placement: {
              region,
              cell,
              mode,
              database: layoutOf({ uid: current._id, spec: current.spec, mode }).database,
            },
            tables: declaredTables(current.spec),
            plan: { name: plan.name, generation: plan.generation, bindTime: tx.time },
            revision: current.revision + 1,
            conditions: updateConditions(
              current.conditions,
              [
                { type: 'Placed', status: 'True', reason: 'Resolved', message: `placed in ${region} on ${cell}` },
                {
                  type: 'ResidencyCompliant',
                  status: 'True',
                  reason: 'Resolved',
                  message: `${region} satisfies the residency rules`,
                },
              ],
              { time: tx.time.toISOString(), generation: current.generation },
            ),
          };
        },
      };
    },
    async undo() {
      return {
        result: 'gave up the place',
        commit: async (tx, current) => ({
          ...current,
          placement: null,
          tables: 0,
          plan: null,
          revision: current.revision + 1,
          conditions: updateConditions(
            current.conditions,
            [
              { type: 'Placed', status: 'False', reason: 'Undone', message: 'the operation that placed it was undone' },
              { type: 'ResidencyCompliant', status: 'Unknown', reason: 'NotPlaced', message: 'it is not placed' },
            ],
            { time: tx.time.toISOString(), generation: current.generation },
          ),
        }),
      };
    },
  };
}
