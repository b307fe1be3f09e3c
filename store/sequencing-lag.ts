import type { ControlClock } from './control-clock.ts';
import type { ControlDatabase } from './control-database.ts';
import { onControl } from './control-errors.ts';
import type { LogStore } from './log.ts';
import { ulidsFrom } from './ulid.ts';

/**
 * How long the oldest entry that has no place in the log has been waiting, in milliseconds by mongod's clock. 0 if there
 * is none, and while the log is known to be complete up to a few seconds ago.
 * @throws TenureError control_unavailable
 */
export type SequencingLag = () => Promise<number>;

/** The head is recorded every two seconds, and a new process takes over after six. */
const normalMs = 10_000;
/** An entry gets its id before its commit. */
const idBeforeCommitMs = 20_000;
const pageSize = 1_000;
/** More entries that have a place are not looked through. */
const maxPages = 50;

export function createSequencingLag(
  { ledger, logHead }: Pick<ControlDatabase, 'ledger' | 'logHead'>,
  { sequenced }: Pick<LogStore, 'sequenced'>,
  clock: Pick<ControlClock, 'now'>,
): SequencingLag {
  async function oldestWaiting(from: string): Promise<Date | undefined> {
    let after = from;
    for (let page = 0; page < maxPages; page += 1) {
      const entries = await ledger
        .find({ _id: { $gte: after } }, { projection: { time: 1 } })
        .sort({ _id: 1 })
        .limit(pageSize)
        .toArray();
      const ids = entries.map(({ _id }) => _id);
      const known = await sequenced(ids);
      const waiting = entries.find(({ _id }) => !known.has(_id));
      if (waiting !== undefined || entries.length < pageSize) return waiting?.time;
      after = `${ids.at(-1) ?? after}0`;
    }
    return undefined;
  }

  return () =>
    onControl(async () => {
      const head = await logHead.findOne({ _id: 'head' }, { projection: { throughTime: 1 } });
      const through = head?.throughTime.getTime() ?? 0;
      const now = clock.now().getTime();
      if (now - through < normalMs) return 0;
      const waiting = await oldestWaiting(ulidsFrom(through - idBeforeCommitMs));
      return waiting === undefined ? 0 : Math.max(0, now - waiting.getTime());
    });
}
