import type { StepHandler } from './step-handler.ts';

/**
 * Moves the tenant's epoch: clients see it when they renew, and close. Not undone: they ask for a new lease when they find
 * the old one gone.
 */
export const endLeasesStep: StepHandler = {
  async ensure() {
    return {
      result: 'clients lose their leases',
      commit: async (_tx, current) => ({ ...current, epoch: current.epoch + 1, revision: current.revision + 1 }),
    };
  },
  undo: async () => ({ result: 'clients take new leases' }),
};
