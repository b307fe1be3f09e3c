import type { ChangeStream } from 'mongodb';
import type { ControlDatabase } from './control-database.ts';
import { onControl } from './control-errors.ts';

/** Operations that end, in the order in which a majority of the control database has them. */
export interface EndedOperations {
  /** The id of the next one; undefined after a second without one. @throws TenureError control_unavailable */
  next(): Promise<string | undefined>;
  close(): Promise<void>;
}

/** Follows the operations that end from now on. @throws TenureError control_unavailable */
export type FollowEndedOperations = () => Promise<EndedOperations>;

const maxAwaitMs = 1_000;

interface Ended {
  readonly documentKey: { readonly _id: string };
}

/** mongod filters: of everything written to operations it sends only ends, and of these only the id. */
const endEvents = [
  { $match: { operationType: 'update', 'updateDescription.removedFields': 'unfinished' } },
  { $project: { documentKey: 1 } },
];

export function followEndedOperations({ operations }: Pick<ControlDatabase, 'operations'>): FollowEndedOperations {
  return async () => {
    const stream = operations.watch(endEvents, { maxAwaitTimeMS: maxAwaitMs }) as unknown as ChangeStream<never, Ended>;
    const read = async (): Promise<string | undefined> => (await onControl(() => stream.tryNext()))?.documentKey._id;
    try {
      // The first call opens the stream.
      let first = await read();
      return {
        async next() {
          const id = first ?? (await read());
          first = undefined;
          return id;
        },
        close: () => stream.close(),
      };
    } catch (error) {
      await stream.close().catch(() => undefined);
      throw error;
    }
  };
}
