import { userPrefix } from '../../domain/home-layout.ts';
import { homeFormIn } from '../../domain/isolation.ts';
import type { HomeStep } from '../../engines/isolation/home-step.ts';
import type { UserOutcome } from '../../engines/isolation/parts/user.ts';
import type { StepHandler, StepOutcome, StepWork } from './step-handler.ts';

/** Runs one part of the tenant's boundary on its cell as a step. */
export function homeStepHandler(step: HomeStep): StepHandler {
  return {
    async check(work) {
      await step.observe(work.home());
    },
    ensure: async (work) => ({ result: await step.ensure(work.home()) }),
    undo: async (work) => ({ result: await step.undo(work.home()) }),
  };
}

function asStepOutcome({ result, user }: UserOutcome): StepOutcome {
  if (user === undefined) return { result };
  return {
    result,
    async commit(_tx, current) {
      if (current.databaseUser === user || (current.databaseUser === null && user === userPrefix(current._id)))
        return current;
      // Clients that use the previous user must get the new one.
      return {
        ...current,
        databaseUser: user,
        epoch: current.databaseUser === null ? current.epoch : current.epoch + 1,
        revision: current.revision + 1,
      };
    },
  };
}

/** Runs a step on the tenant's user, and commits which user is valid from then on. */
export function userStepHandler(step: HomeStep<UserOutcome>): StepHandler {
  return {
    async check(work) {
      await step.observe(work.home());
    },
    ensure: async (work) => asStepOutcome(await step.ensure(work.home())),
    undo: async (work) => asStepOutcome(await step.undo(work.home())),
  };
}

function onlyWhen(
  when: (work: StepWork) => boolean,
  otherwise: StepOutcome,
  { check, ensure, undo }: StepHandler,
): StepHandler {
  return {
    async check(work) {
      if (when(work)) await check?.(work);
    },
    ensure: async (work) => (when(work) ? ensure(work) : otherwise),
    undo: async (work) => (when(work) ? undo(work) : otherwise),
  };
}

/** A tenant that was deleted as a Draft has no home. */
export function ifPlaced(step: StepHandler): StepHandler {
  return onlyWhen(({ tenant }) => tenant.placement !== null, { result: 'it was never placed' }, step);
}

/** If the tenant's user has no access, there is nothing to probe. */
export function ifAccessGranted(step: StepHandler): StepHandler {
  return onlyWhen(
    ({ operation: { to } }) => to !== 'Purged' && homeFormIn(to).access === 'read-write',
    { result: 'the tenant has no access' },
    step,
  );
}
