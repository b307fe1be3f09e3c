import { homeFormIn } from '../../domain/isolation.ts';
import type { HomeStep } from '../../engines/isolation/home-step.ts';
import type { StepHandler, StepOutcome, StepWork } from './step-handler.ts';

/** Runs one part of the tenant's boundary on its cell as a step. */
export function homeStepHandler(step: HomeStep): StepHandler {
  return {
    async look(work) {
      await step.observe(work.home());
    },
    ensure: async (work) => ({ result: await step.ensure(work.home()) }),
    undo: async (work) => ({ result: await step.undo(work.home()) }),
  };
}

function only(when: (work: StepWork) => boolean, otherwise: StepOutcome, { look, ensure, undo }: StepHandler): StepHandler {
  return {
    async look(work) {
      if (when(work)) await look?.(work);
    },
    ensure: async (work) => (when(work) ? ensure(work) : otherwise),
    undo: async (work) => (when(work) ? undo(work) : otherwise),
  };
}

/** A tenant that was deleted as a Draft has nothing anywhere. */
export function whereThereIsAHome(step: StepHandler): StepHandler {
  return only(({ tenant }) => tenant.placement !== null, { result: 'it never had a place' }, step);
}

/** Where the tenant's user may do nothing there is nothing to try. */
export function whereAccessIsGiven(step: StepHandler): StepHandler {
  return only(({ operation: { to } }) => to !== 'Purged' && homeFormIn(to).access === 'read-write', { result: 'the tenant has no access' }, step);
}
