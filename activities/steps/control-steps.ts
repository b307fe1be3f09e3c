import { tablesIn } from '../../domain/isolation.ts';
import { purgeTimeOf } from '../../domain/retention.ts';
import { withFields } from '../../domain/spec-fields.ts';
import type { CompleteSpec } from '../../domain/spec-fields.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { TenantSecrets } from '../../engines/keys/tenant-secrets.ts';
import type { Transaction } from '../../store/commit.ts';
import type { TenantDocument } from '../../store/documents.ts';
import type { Store } from '../../store/store.ts';
import type { StepHandler, StepOutcome } from './step-handler.ts';

/** Puts the declared plan into effect, in the version that the registry has now. */
export const bindPlanStep: StepHandler = {
  async ensure({ tenant, admission: { plan } }) {
    if (plan === undefined) throw new TenureError('policy_refused', `there is no plan "${tenant.spec.plan}"`);
    return {
      result: `bound to ${plan.name}`,
      commit: async (tx, current) => ({
        ...current,
        plan: { name: plan.name, generation: plan.generation, bindTime: tx.time },
        revision: current.revision + 1,
      }),
    };
  },
  async undo({ tenant, operation }) {
    const before = operation.before.plan;
    return {
      result: `bound to ${before?.name ?? tenant.spec.plan} as before`,
      commit: async (_tx, current) => ({ ...current, plan: before, revision: current.revision + 1 }),
    };
  },
};

/**
 * Increases the tenant's epoch: clients see it when they renew, and close. Not undone: clients request a new lease when
 * the old one is gone.
 */
export const endLeasesStep: StepHandler = {
  async ensure() {
    return {
      result: 'ended the leases of clients',
      commit: async (_tx, current) => ({ ...current, epoch: current.epoch + 1, revision: current.revision + 1 }),
    };
  },
  undo: async () => ({ result: 'clients can get new leases' }),
};

function reserving(tables: number): StepOutcome {
  return {
    result: `reserved ${tables} tables on the cell`,
    commit: async (_tx: Transaction, current: TenantDocument) => ({
      ...current,
      tables,
      revision: current.revision + 1,
    }),
  };
}

/**
 * Reserves as much of the cell's budget as the home costs in the state that the path leads to. It may use all of the
 * budget: the share that new tenants must leave free is for existing tenants.
 */
export function reserveTablesStep({ cells }: Pick<Store, 'cells'>): StepHandler {
  return {
    async ensure({ operation, tenant, admission: { regions } }) {
      const { placement } = tenant;
      if (placement === null) throw new TenureError('internal', `tenant ${tenant._id} has no placement`);
      const tables = tablesIn(operation.to, tenant.spec);
      const additional = tables - tenant.tables;
      if (additional <= 0) return reserving(tables);
      const budget = regions
        .flatMap((region) => region.spec.cells)
        .find(({ name }) => name === placement.cell)?.tableBudget;
      const reserved = (await cells.observations()).get(placement.cell)?.tables ?? 0;
      if (budget !== undefined && reserved + additional > budget) {
        throw new TenureError('placement_impossible', `cell ${placement.cell} has no room`, {
          errors: [
            { rule: 'cell.table_budget', message: `${placement.cell}: has no room for ${additional} more tables` },
          ],
        });
      }
      return reserving(tables);
    },
    undo: async ({ operation, tenant }) =>
      reserving(tablesIn(operation.from, withFields(tenant.spec as CompleteSpec, operation.restore))),
  };
}

/** Gives the tenant a data key and a credential, committed with the checkpoint: both exist or neither. */
export function issueKeysStep({
  secrets,
  tenantSecrets,
}: Pick<Store, 'secrets'> & { readonly tenantSecrets: TenantSecrets }): StepHandler {
  return {
    async ensure({ tenant, admission: { plan } }) {
      const { dataKey, credential } = await tenantSecrets.issue(tenant._id, plan?.spec.encryption?.wrappingKeys);
      return {
        result: `data key wrapped by ${dataKey.key}`,
        async commit(tx, current) {
          await secrets.insert(tx, current._id, 'data-key', dataKey);
          await secrets.insert(tx, current._id, 'database-credential', credential);
          return current;
        },
      };
    },
    async undo() {
      return {
        result: 'destroyed data key and credential',
        async commit(tx, current) {
          await secrets.removeAll(tx, current._id);
          return current;
        },
      };
    },
  };
}

/** Sets the purge time, and the state that undelete leads to until then. */
export const schedulePurgeStep: StepHandler = {
  async ensure({ operation, admission: { plan } }) {
    const { from } = operation;
    if (from !== 'Draft' && from !== 'Archived')
      throw new TenureError('internal', `a tenant cannot be deleted from ${from}`);
    // Counted from the request: an operation that was delayed by an outage does not delay the purge.
    const purgeTime = purgeTimeOf(operation.createTime, plan?.spec);
    return {
      result: `purge due at ${purgeTime.toISOString()}`,
      commit: async (_tx, current) => ({
        ...current,
        deletion: { from, deleteTime: operation.createTime, purgeTime },
        revision: current.revision + 1,
      }),
    };
  },
  undo: async () => ({
    result: 'no purge is due',
    commit: async (_tx, current) => ({ ...current, deletion: null, revision: current.revision + 1 }),
  }),
};

/** Removes the purge time. */
export const cancelPurgeStep: StepHandler = {
  ensure: async () => ({
    result: 'no purge is due',
    commit: async (_tx, current) => ({ ...current, deletion: null, revision: current.revision + 1 }),
  }),
  undo: async ({
    operation: {
      before: { deletion },
    },
  }) => ({
    result: `purge due as before, at ${deletion?.purgeTime.toISOString() ?? 'no time'}`,
    commit: async (_tx, current) => ({ ...current, deletion, revision: current.revision + 1 }),
  }),
};

/**
 * Destroys the tenant's data key and credential: what was sealed with them can never be opened again, not even in a
 * backup.
 */
export function destroyKeysStep({ secrets }: Pick<Store, 'secrets'>): StepHandler {
  return {
    ensure: async () => ({
      result: 'destroyed data key and credential',
      async commit(tx, current) {
        await secrets.removeAll(tx, current._id);
        return current;
      },
    }),
    undo: async () => ({ result: 'what was destroyed stays destroyed' }),
  };
}
