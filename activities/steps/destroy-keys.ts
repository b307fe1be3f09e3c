import type { Store } from '../../store/store.ts';
import type { StepHandler } from './step-handler.ts';

/** Destroys the tenant's data key and credential: what was sealed under them opens nowhere any more, not in a backup either. */
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
