import type { ControlDatabase } from './control-database.ts';
import { isDuplicateKey, onControl } from './control-errors.ts';
import type { ControlClock } from './control-clock.ts';
import type { SignedSize } from './log.ts';

/** Signed heads that are kept, and the public keys that signed them. */
export interface CheckpointStore {
  /** Keeps a signed head. One that is kept already stays as it is. */
  keep(checkpoint: SignedSize): Promise<void>;
  /** When the latest one was kept. */
  latestTime(): Promise<Date | undefined>;
  /** Those of a larger size than this, smallest first. */
  after(size: number, limit: number): Promise<readonly SignedSize[]>;
  /** Publishes keys for verification. A key stays published after it was replaced. */
  publishKeys(keys: readonly string[]): Promise<void>;
  keys(): Promise<readonly string[]>;
}

const maxKeys = 100;

export function createCheckpointStore(
  { logCheckpoints, logKeys }: Pick<ControlDatabase, 'logCheckpoints' | 'logKeys'>,
  clock: Pick<ControlClock, 'now'>,
): CheckpointStore {
  return {
    async keep({ size, note }) {
      try {
        await logCheckpoints.insertOne({ _id: size, note, time: clock.now() });
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
    },
    latestTime: () =>
      onControl(async () => {
        const latest = await logCheckpoints.findOne({}, { sort: { _id: -1 }, projection: { time: 1 } });
        return latest?.time;
      }),
    after: (size, limit) =>
      onControl(async () => {
        const found = await logCheckpoints
          .find({ _id: { $gt: size } })
          .sort({ _id: 1 })
          .limit(limit)
          .toArray();
        return found.map(({ _id, note }) => ({ size: _id, note }));
      }),
    publishKeys: (keys) =>
      onControl(async () => {
        for (const key of keys)
          await logKeys.insertOne({ _id: key, firstTime: clock.now() }).catch((error: unknown) => {
            if (!isDuplicateKey(error)) throw error;
          });
      }),
    keys: () =>
      onControl(async () => {
        const found = await logKeys.find({}).sort({ firstTime: 1 }).limit(maxKeys).toArray();
        return found.map(({ _id }) => _id);
      }),
  };
}
