import { z } from 'zod';
import { lifecycleStates, operationKinds } from './lifecycle.ts';

/** The ways a tenant can go, as outsiders read them; `contracts/lifecycle.ts` holds them. */
export const transitionTableSchema = z
  .strictObject({
    transitions: z.array(
      z.strictObject({
        path: z.enum(operationKinds),
        from: z.enum(lifecycleStates),
        to: z.enum([...lifecycleStates, 'Purged']).meta({ description: 'Purged: only a tombstone is left.' }),
      }),
    ),
  })
  .meta({ title: 'TransitionTable' });
