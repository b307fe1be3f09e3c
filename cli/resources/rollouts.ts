import type { Rollout, RolloutPreview } from '../../contracts/rollout.ts';
import type { ApiClient } from '../../client/api-client.ts';
import { formatAge, formatSpan } from '../text/duration.ts';
import { paintState } from '../text/paint.ts';
import type { Paint } from '../text/paint.ts';
import { renderFields, renderTable } from '../text/table.ts';
import type { Column } from '../text/table.ts';
import { waveOf, templateVersion } from './columns.ts';
import { renderChanges } from './changes.ts';

/** The counts of its tenants: `3 changed, 1 failed`. */
export function rolloutCounts(counts: Rollout['counts']): string {
  const { changed, changing, failed, skipped } = counts;
  return [
    `${changed} changed`,
    ...Object.entries({ changing, failed, skipped }).flatMap(([word, count]) =>
      count === 0 ? [] : [`${count} ${word}`],
    ),
  ].join(', ');
}

/** A roll-out and its state, on one line. */
export function rolloutLine({ id, template, version, state, counts }: Rollout): string {
  return `roll-out/${id} (${template}@${version}) ${state}, ${rolloutCounts(counts)}`;
}

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

type Refused = RolloutPreview & { readonly refused: NonNullable<RolloutPreview['refused']> };

const refusedColumns: readonly Column<Refused>[] = [
  { title: 'TENANT', value: ({ tenant }) => tenant.name },
  { title: 'VERSION', value: ({ tenant }) => String(tenant.version) },
  { title: 'CODE', value: ({ refused }) => refused.code },
  { title: 'WHY', value: ({ refused }) => refused.message },
];

const isRefused = (item: RolloutPreview): item is Refused => item.refused !== undefined;

/** Which tenants a version would change, as text. Tenants with the same changes are shown together. */
export function renderRolloutPreview(
  to: { readonly name: string; readonly version: number },
  items: readonly RolloutPreview[],
  paint: Paint,
): string {
  const refused = items.filter(isRefused);
  const allowed = items.filter((item) => !isRefused(item));
  const groups = Map.groupBy(allowed, ({ tenant, changes }) => JSON.stringify([tenant.version, changes]));
  const lines = [...groups.values()].map(([first, ...others]) =>
    first === undefined ? '' : renderGroup(to.name, first, others, paint),
  );
  return [
    `${templateVersion(to)} would change ${counted(allowed.length)}${refused.length === 0 ? '' : `, and ${counted(refused.length)} cannot be changed`}.\n`,
    ...lines,
    refused.length === 0 ? '' : `\nCannot be changed:\n${renderTable(refusedColumns, refused, paint, '  ')}`,
  ].join('');
}

function renderGroup(template: string, first: RolloutPreview, others: readonly RolloutPreview[], paint: Paint): string {
  const { tenant, changes } = first;
  const names = [first, ...others].map((item) => item.tenant.name).join(', ');
  const difference =
    changes.length === 0
      ? 'only the version: the tenants override every changed value\n'
      : renderChanges(changes, paint);
  return `\n${templateVersion({ name: template, version: tenant.version })}: ${names}\n${difference.replaceAll(/^(?=.)/gm, '  ')}`;
}

function counted(tenants: number): string {
  return tenants === 1 ? '1 tenant' : `${tenants} tenants`;
}
