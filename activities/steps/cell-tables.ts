import { tablesIn } from '../../domain/isolation.ts';
import { withFields } from '../../domain/spec-fields.ts';
import type { SettledSpec } from '../../domain/spec-fields.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { Store } from '../../store/store.ts';
import type { Transaction } from '../../store/commit.ts';
import type { TenantDocument } from '../../store/documents.ts';
import type { StepHandler, StepOutcome } from './step-handler.ts';

function promising(tables: number): StepOutcome {
  return {
    result: `holds ${tables} tables of the cell`,
    commit: async (_tx: Transaction, current: TenantDocument) => ({ ...current, tables, revision: current.revision + 1 }),
  };
}

/**
 * Holds as much of the cell's budget as the home costs in the state that the path leads to. It may take all there is: the
 * share that new tenants leave is for those that are there.
 */
export function holdTablesStep({ cells }: Pick<Store, 'cells'>): StepHandler {
  return {
    async ensure({ operation, tenant, admission: { regions } }) {
      const { placement } = tenant;
      if (placement === null) throw new TenureError('internal', `tenant ${tenant._id} has no place`);
      const tables = tablesIn(operation.to, tenant.spec);
      const more = tables - tenant.tables;
      if (more <= 0) return promising(tables);
      const budget = regions.flatMap((region) => region.spec.cells).find(({ name }) => name === placement.cell)?.tableBudget;
      const promised = (await cells.observations()).get(placement.cell)?.tables ?? 0;
      if (budget !== undefined && promised + more > budget) {
        throw new TenureError('placement_impossible', `cell ${placement.cell} has no room`, {
          errors: [{ rule: 'cell.table_budget', message: `${placement.cell}: has no room for ${more} more tables` }],
        });
      }
      return promising(tables);
    },
    undo: async ({ operation, tenant }) => promising(tablesIn(operation.from, withFields(tenant.spec as SettledSpec, operation.restore))),
  };
}
