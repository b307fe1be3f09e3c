import { purgeTimeOf } from '../../domain/retention.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { StepHandler } from './step-handler.ts';

/** Says when the tenant is purged, and where undelete leads until then. */
export const schedulePurgeStep: StepHandler = {
  async ensure({ operation, admission: { plan } }) {
    const { from } = operation;
    if (from !== 'Draft' && from !== 'Archived') throw new TenureError('internal', `a tenant is not deleted from ${from}`);
    // From when it was asked for: an operation that waited for an outage keeps nothing longer.
    const purgeTime = purgeTimeOf(operation.createTime, plan?.spec);
    return {
      result: `purge due at ${purgeTime.toISOString()}`,
      commit: async (_tx, current) => ({ ...current, deletion: { from, deleteTime: operation.createTime, purgeTime }, revision: current.revision + 1 }),
    };
  },
  undo: async () => ({ result: 'no purge is due', commit: async (_tx, current) => ({ ...current, deletion: null, revision: current.revision + 1 }) }),
};

/** Takes the time of the purge back. */
export const cancelPurgeStep: StepHandler = {
  ensure: async () => ({ result: 'no purge is due', commit: async (_tx, current) => ({ ...current, deletion: null, revision: current.revision + 1 }) }),
  undo: async ({ operation: { before: { deletion } } }) => ({
    result: `purge due as before, at ${deletion?.purgeTime.toISOString() ?? 'no time'}`,
    commit: async (_tx, current) => ({ ...current, deletion, revision: current.revision + 1 }),
  }),
};
