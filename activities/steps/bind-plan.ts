import { TenureError } from '../../domain/tenure-error.ts';
import type { StepHandler } from './step-handler.ts';

/** Puts the declared plan into effect, as the registry holds it now. */
export const bindPlanStep: StepHandler = {
  async ensure({ tenant, admission: { plan } }) {
    if (plan === undefined) throw new TenureError('policy_refused', `there is no plan "${tenant.spec.plan}"`);
    return {
      result: `bound to ${plan.name}`,
      commit: async (tx, current) => ({ ...current, plan: { name: plan.name, generation: plan.generation, bindTime: tx.time }, revision: current.revision + 1 }),
    };
  },
  async undo({ tenant, operation }) {
    const before = operation.before.plan;
    return { result: `bound to ${before?.name ?? tenant.spec.plan} as before`, commit: async (_tx, current) => ({ ...current, plan: before, revision: current.revision + 1 }) };
  },
};
