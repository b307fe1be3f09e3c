import type { ApiClient } from '../../client/api-client.ts';
import type { Operation } from '../../contracts/operation.ts';
import { problemType } from '../problem-type.ts';
import { formatAge, formatSpan } from '../text/duration.ts';
import { paintState } from '../text/paint.ts';
import type { Paint } from '../text/paint.ts';
import { renderFields, renderTable } from '../text/table.ts';
import { stepColumns } from './columns.ts';

/** Everything about one operation, as text. */
export async function describeOperation(api: ApiClient, id: string, paint: Paint): Promise<string> {
  const { body: operation } = await api.call('getOperation', { params: { id } });
  const {
    kind,
    tenant,
    state,
    transition,
    progress,
    generation,
    waitsFor,
    cancelRequestTime,
    abandonment,
    createTime,
    startTime,
    endTime,
    workflowId,
    requestId,
    correlationId,
  } = operation;
  const fields = renderFields([
    ['Operation', operation.id],
    ['Kind', kind],
    ['Tenant', `${tenant.name} (${tenant.uid})`],
    ['Transition', transition === undefined ? undefined : `${transition.from} to ${transition.to}`],
    ['Generation', String(generation)],
    ['State', state],
    ['Waits for', waitsFor === undefined ? undefined : `operation/${waitsFor}, which is being cancelled`],
    [
      'Cancel requested',
      cancelRequestTime === undefined
        ? undefined
        : `${cancelRequestTime} (${formatAge(cancelRequestTime, Date.now())} ago)`,
    ],
    [
      'Abandoned',
      abandonment === undefined
        ? undefined
        : `${abandonment.time}; may be left on cell ${abandonment.cell}: ${abandonment.left.join('; ')}`,
    ],
    ['Steps', `${progress.done} of ${progress.total} done`],
    ['Created', `${createTime} (${formatAge(createTime, Date.now())} ago)`],
    ['Took', formatSpan(startTime, endTime, Date.now())],
    ['Workflow', workflowId],
    ['Request', requestId],
    ['Correlation', correlationId === requestId ? undefined : correlationId],
  ]);
  return `${paintState(fields, state, paint)}\nSteps:\n${renderTable(stepColumns, operation.steps, paint, '  ')}${renderError(operation)}`;
}

function renderError({ error, steps }: Operation): string {
  if (error === undefined) return '';
  const details = (error.errors ?? []).map(({ pointer, message }): [string, string] => [
    'Detail',
    pointer === undefined ? message : `${pointer}: ${message}`,
  ]);
  const fields = renderFields([
    ['Code', `${error.code} (${problemType(error.code).title})`],
    ['Message', error.message],
    ['Step', steps.find(({ key }) => key === error.step)?.title ?? error.step],
    ...details,
    ['Fix', problemType(error.code).fix ?? error.fix],
  ]);
  return `\nError:\n${fields.replaceAll(/^/gm, '  ').trimEnd()}\n`;
}
