import type { Collection, Filter } from 'mongodb';
import { endedActorsIndex } from './control-database.ts';
import type { ControlDatabase } from './control-database.ts';

/**
 * The personal values in an operation, in the form that `$unset` takes. They are kept while they are needed, which is
 * until the operation ends.
 */
export const personalOfOperation = { actor: true, 'before.scheduledPlan.actor': true } as const;

/** The same for a roll-out. */
export const personalOfRollout = { actor: true } as const;

interface Ending {
  _id: string;
  endTime: Date | null;
}

const batchSize = 1_000;

async function clear<Document extends Ending>(
  collection: Collection<Document>,
  personal: Readonly<Record<string, true>>,
): Promise<void> {
  const ended = { 'actor.subject': { $exists: true }, endTime: { $gt: new Date(0) } } as unknown as Filter<Document>;
  for (;;) {
    const found = await collection
      .find(ended, { projection: { _id: 1 }, hint: endedActorsIndex.name })
      .limit(batchSize)
      .toArray();
    if (found.length === 0) return;
    await collection.updateMany({ _id: { $in: found.map(({ _id }) => _id) } } as unknown as Filter<Document>, [
      { $unset: Object.keys(personal) },
    ]);
  }
}

/**
 * Removes personal values that an earlier build left in ended operations and roll-outs. Several processes can run it at
 * the same time.
 */
export async function clearEndedActors({ operations, rollouts }: ControlDatabase): Promise<void> {
  await clear(operations, personalOfOperation);
  await clear(rollouts, personalOfRollout);
}
