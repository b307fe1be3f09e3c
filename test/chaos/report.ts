import type { OperationDocument } from '../../store/documents.ts';
import type { Installation } from '../harness/installation.ts';
import { quantilesOf, silences, untilNextWrite } from './availability.ts';
import type { ChaosRun } from './chaos-run.ts';
import type { Judged } from './oracle/judge.ts';

function tally(words: readonly string[]): string {
  const counts = [...Map.groupBy(words, (word) => word)]
    .map(([word, all]) => [word, all.length] as const)
    .toSorted(([, a], [, b]) => b - a);
  return counts.map(([word, count]) => `${count} ${word}`).join(', ') || 'none';
}

function times(ms: readonly number[]): string {
  const quantiles = quantilesOf(ms);
  if (quantiles === undefined) return 'none';
  const seconds = (value: number): string => `${(value / 1000).toFixed(2)} s`;
  return `${quantiles.count}, p50 ${seconds(quantiles.p50)}, worst ${seconds(quantiles.worst)}`;
}

/** A report of a run for people, line by line. */
export async function reportOf(
  { control, databases, replicas }: Pick<Installation, 'control' | 'databases' | 'replicas'>,
  { recollection, strikes, heartbeats }: ChaosRun,
  { suspensions, replays }: Judged,
): Promise<string[]> {
  const { asked, documents, ends, refusedTrespasses } = recollection;
  const operations = await control.db(databases.control).collection<OperationDocument>('operations').find().toArray();
  const acknowledged = asked.filter(({ answers }) => answers.length > 0);
  const kills = strikes.filter(({ how }) => how === 'kill');
  const kinds = [...new Set(kills.map(({ victim }) => victim.kind))];
  return [
    `kills: ${tally(kills.map(({ victim }) => victim.name))}`,
    `pauses: ${tally(strikes.filter(({ how }) => how === 'pause').map(({ victim }) => victim.name))}`,
    `acknowledged requests: ${acknowledged.length}: ${tally(acknowledged.map(({ what }) => what))}`,
    `refused requests: ${tally(asked.filter(({ answers }) => answers.length === 0).map(({ refusal }) => refusal ?? 'unanswered'))}`,
    `operations: ${tally(operations.map(({ kind, state }) => `${kind} ${state}`))}`,
    `ends seen: ${ends.length}; suspensions checked: ${suspensions.length}; requests repeated at the end: ${replays}`,
    `documents: ${documents.filter(({ acknowledgedAt }) => acknowledgedAt !== undefined).length} acknowledged of ${documents.length} attempted; ${refusedTrespasses} trespasses refused`,
    `small writes: ${heartbeats.acknowledged.length} acknowledged; failed: ${tally(heartbeats.failures)}`,
    ...kinds.map(
      (kind) =>
        `after a kill of ${kind}, time to the next write through any API: ${times(untilNextWrite(heartbeats.acknowledged, strikes, kind))}`,
    ),
    `time to an answer: ${times(asked.flatMap(({ sentAt, answeredAt }) => (answeredAt === undefined ? [] : [answeredAt - sentAt])))}`,
    ...replicas.map(
      (_, index) =>
        `api ${index + 1}, silent for a second or more while it and the control database ran: ${times(silences(heartbeats.acknowledged, strikes, `api ${index + 1}`).filter((ms) => ms >= 1_000))}`,
    ),
  ];
}
