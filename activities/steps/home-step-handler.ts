import type { HomeStep } from '../../engines/isolation/home-step.ts';
import type { StepHandler } from './step-handler.ts';

/** Runs one part of the tenant's boundary on its cell as a step. */
export function homeStepHandler(step: HomeStep): StepHandler {
  return {
    ensure: async (work) => ({ result: await step.ensure(work.home()) }),
    undo: async (work) => ({ result: await step.undo(work.home()) }),
  };
}
