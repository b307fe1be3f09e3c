import type { LogPositionDocument } from '../../../store/log-documents.ts';
import type { EmbeddedStack } from '../../../tools/stack/embedded-stack.ts';
import { until } from '../../harness/until.ts';
import { withInstallation } from '../bench-installation.ts';
import { percentile } from '../figure.ts';
import type { Figure } from '../figure.ts';
import { progress } from '../progress.ts';
import { scaled } from '../scale.ts';
import { atRate, commitEvents } from './committed-events.ts';

const perSecond = 2_000;
const perCommit = 40;
const seconds = scaled(20, 5);
const warmUpSeconds = 3;

/** How long an entry waits for its place in the log, while many are committed. */
export function benchLiveLag(stack: EmbeddedStack): Promise<Figure[]> {
  return withInstallation(stack, async ({ installation: { store, control, databases } }) => {
    progress(`sequencing ${perSecond} entries a second as they happen`);
    const sequenced = new Map<string, number>();
    const committed = new Map<string, number>();
    const stream = control
      .db(databases.control)
      .collection<LogPositionDocument>('log_positions')
      .watch([{ $match: { operationType: 'insert' } }, { $project: { operationType: 1, 'fullDocument.entry': 1 } }], {
        maxAwaitTimeMS: 50,
      });
    stream.on('change', (change) => {
      if (change.operationType === 'insert') sequenced.set(change.fullDocument.entry, performance.now());
    });
    try {
      const uid = store.newId();
      const began = performance.now();
      const commits = ((seconds + warmUpSeconds) * perSecond) / perCommit;
      await atRate(perSecond / perCommit, commits, async () => {
        const ids = await commitEvents(store, uid, perCommit);
        const now = performance.now();
        if (now - began > warmUpSeconds * 1_000) for (const id of ids) committed.set(id, now);
      });
      const rate = (1_000 * commits * perCommit) / (performance.now() - began);
      await until('all are sequenced', () => [...committed.keys()].every((id) => sequenced.has(id)));
      const lags = [...committed].map(([id, time]) => Math.max(0, (sequenced.get(id) ?? 0) - time));
      return [
        {
          name: `from commit to the log at ${Math.round(rate)} entries/s, p99`,
          value: percentile(lags, 0.99),
          unit: 'ms',
          floor: { name: 'p50', value: percentile(lags, 0.5) },
          goal: { of: 'value', atMost: 60 },
        },
      ];
    } finally {
      await stream.close();
    }
  });
}
