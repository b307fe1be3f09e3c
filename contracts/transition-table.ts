import { z } from 'zod';
import { lifecycleStates, operationKinds } from './lifecycle.ts';

/** The transition table as external programs read it; the source is `contracts/lifecycle.ts`. */
export const transitionTableSchema = z
  .strictObject({
    transitions: z.array(
      z.strictObject({
        path: z.enum(operationKinds),
        from: z.enum(lifecycleStates),
        to: z.enum([...lifecycleStates, 'Purged']).meta({ description: 'Purged: only a tombstone remains.' }),
      }),
    ),
  })
  .meta({ title: 'TransitionTable' });
