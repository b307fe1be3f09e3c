import { errorFields } from '../platform/logging.ts';
import type { Logger } from '../platform/logging.ts';
import { asFailure } from './failure.ts';

export interface RolloutActivities {
  /** Advances a roll-out by one iteration; done when there is no more work for it. */
  advanceRollout(input: { readonly id: string }): Promise<{ readonly done: boolean }>;
}

export interface RolloutDependencies {
  readonly advance: (id: string) => Promise<{ readonly done: boolean }>;
  readonly logger: Logger;
}

export function createRolloutActivities({ advance, logger }: RolloutDependencies): RolloutActivities {
  return {
    async advanceRollout({ id }) {
      try {
        return await advance(id);
      } catch (error) {
        logger.warn('a roll-out could not be advanced', { rollout: id, ...errorFields(error) });
        throw asFailure(error);
      }
    },
  };
}
