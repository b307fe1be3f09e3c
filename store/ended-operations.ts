import type { ResumeToken } from 'mongodb';
import type { ControlDatabase } from './control-database.ts';
import { openStream } from './open-stream.ts';

/** Operations that end, in the order in which a majority of the control database has them. */
export interface EndedOperations {
  /** The id of the next one; undefined after a second without one. @throws TenureError control_unavailable */
  next(): Promise<string | undefined>;
  close(): Promise<void>;
}

/** Follows the operations that end from now on. @throws TenureError control_unavailable */
export type FollowEndedOperations = () => Promise<EndedOperations>;

const maxAwaitMs = 1_000;

/** mongod filters: of everything written to operations it sends only ends, and of these only the id. */
const endEvents = [
  { $match: { operationType: 'update', 'updateDescription.removedFields': 'unfinished' } },
  { $project: { documentKey: 1 } },
];

export function followEndedOperations({ operations }: Pick<ControlDatabase, 'operations'>): FollowEndedOperations {
  return async () => {
    const stream = await openStream<{ readonly _id: ResumeToken; readonly documentKey: { readonly _id: string } }>(
      operations.watch(endEvents, { maxAwaitTimeMS: maxAwaitMs }),
    );
    return {
      next: async () => (await stream.next()).event?.documentKey._id,
      close: () => stream.close(),
    };
  };
}
