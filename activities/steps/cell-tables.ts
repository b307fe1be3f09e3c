import { archivedTables, declaredTables } from '../../domain/isolation.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { Store } from '../../store/store.ts';
import type { TenantDocument } from '../../store/documents.ts';
import type { Transaction } from '../../store/commit.ts';
import type { StepHandler, StepOutcome } from './step-handler.ts';

function promising(result: string, tables: number): StepOutcome {
  return {
    result,
    commit: async (_tx: Transaction, current: TenantDocument) => ({ ...current, tables, revision: current.revision + 1 }),
  };
}

/** Gives back what an archived home does not use of its cell's budget. */
export const releaseTablesStep: StepHandler = {
  async ensure({ tenant }) {
    const tables = archivedTables(tenant.spec);
    return promising(`holds ${tables} tables of the cell, ${declaredTables(tenant.spec) - tables} fewer`, tables);
  },
  undo: async ({ tenant }) => promising('took the tables again', declaredTables(tenant.spec)),
};

/** Takes what the home needs of its cell's budget, up to all of it: the share that new tenants leave is for those that are there. */
export function takeTablesStep({ cells }: Pick<Store, 'cells'>): StepHandler {
  return {
    async ensure({ tenant, admission: { regions } }) {
      const { placement } = tenant;
      if (placement === null) throw new TenureError('internal', `tenant ${tenant._id} has no place`);
      const tables = declaredTables(tenant.spec);
      const budget = regions.flatMap((region) => region.spec.cells).find(({ name }) => name === placement.cell)?.tableBudget;
      const promised = (await cells.observations()).get(placement.cell)?.tables ?? 0;
      if (budget !== undefined && promised - tenant.tables + tables > budget) {
        throw new TenureError('placement_impossible', `cell ${placement.cell} has no room`, {
          errors: [{ rule: 'cell.table_budget', message: `${placement.cell}: holds ${promised} tables; ${tables - tenant.tables} more pass its ${budget}` }],
        });
      }
      return promising(`holds ${tables} tables of the cell`, tables);
    },
    undo: async ({ tenant }) => promising('gave the tables back', archivedTables(tenant.spec)),
  };
}
