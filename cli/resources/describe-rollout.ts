import type { ApiClient } from '../../client/api-client.ts';
import type { Rollout } from '../../contracts/rollout.ts';
import { formatAge, formatSpan } from '../text/duration.ts';
import { paintState } from '../text/paint.ts';
import type { Paint } from '../text/paint.ts';
import { renderFields, renderTable } from '../text/table.ts';
import type { Column } from '../text/table.ts';
import { waveOf } from './columns.ts';
import { rolloutCounts } from './rollout-words.ts';

const failureColumns: readonly Column<Rollout['failures'][number]>[] = [
  { title: 'TENANT', value: ({ tenant }) => tenant },
  { title: 'CODE', value: ({ code }) => code },
  { title: 'MESSAGE', value: ({ message }) => message },
];

/** Everything about one roll-out, as text. */
export async function describeRollout(api: ApiClient, id: string, paint: Paint): Promise<string> {
  const { body: rollout } = await api.call('getRollout', { params: { id } });
  const {
    template,
    version,
    labelSelector,
    state,
    reason,
    waves,
    maxFailures,
    tenants,
    counts,
    failures,
    createTime,
    endTime,
    workflowId,
  } = rollout;
  const fields = renderFields([
    ['Roll-out', rollout.id],
    ['Template', `${template}@${version}`],
    ['Labels', labelSelector],
    ['State', state],
    ['Reason', reason],
    ['Wave', `${waveOf(rollout)} (${waves.join(', ')})`],
    ['Tenants', `${tenants} at the start: ${rolloutCounts(counts)}`],
    ['Max failures', String(maxFailures)],
    ['Created', `${createTime} (${formatAge(createTime, Date.now())} ago)`],
    ['Took', formatSpan(createTime, endTime, Date.now())],
    ['Workflow', workflowId],
  ]);
  const more = counts.failed > failures.length ? `  and ${counts.failed - failures.length} more\n` : '';
  return `${paintState(fields, state, paint)}${failures.length === 0 ? '' : `\nFailed:\n${renderTable(failureColumns, failures, paint, '  ')}${more}`}`;
}
