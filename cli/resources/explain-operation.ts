import type { ApiClient } from '../../client/api-client.ts';
import type { AuditEntry } from '../../contracts/audit.ts';
import type { RouteQueryInput } from '../../contracts/routes.ts';
import { formatDurationMs } from '../text/duration.ts';
import type { Paint } from '../text/paint.ts';
import { renderTable } from '../text/table.ts';
import type { Column } from '../text/table.ts';
import { actorOf, decisionOf } from './entry-words.ts';

const pageSize = 500;

async function entriesBy(
  api: ApiClient,
  query: Pick<RouteQueryInput<'listAuditEntries'>, 'operationId' | 'requestId'>,
): Promise<readonly AuditEntry[]> {
  return (await api.call('listAuditEntries', { query: { ...query, pageSize } })).body.items;
}

/** What an entry says happened. */
function happened({ entry: { action, outcome, reason, step, previous, next } }: AuditEntry): string {
  const change =
    previous?.lifecycle === undefined || next?.lifecycle === undefined || previous.lifecycle === next.lifecycle
      ? ''
      : `: ${previous.lifecycle} → ${next.lifecycle}`;
  const why = reason === undefined ? '' : `, because of ${reason}`;
  return `${action}${step === undefined ? '' : ` at ${step}`} ${outcome}${change}${why}`;
}

/**
 * The story of an operation, in order: the request that started it with everything else that it did, what policy decided,
 * and each entry of the operation to its end.
 */
export async function explainOperation(api: ApiClient, reference: string, paint: Paint): Promise<string> {
  const id = reference.replace(/^operations?\//, '');
  const { body: operation } = await api.call('getOperation', { params: { id } });
  const own = await entriesBy(api, { operationId: id });
  const others = (await entriesBy(api, { requestId: operation.requestId })).filter(
    ({ entry }) => entry.operationId === undefined,
  );
  // In the order of the log; what is not in it yet comes last.
  const story = [...own, ...others].toSorted((a, b) => (a.log?.index ?? Infinity) - (b.log?.index ?? Infinity));
  const start = Date.parse(story[0]?.entry.time ?? operation.createTime);
  const columns: readonly Column<AuditEntry>[] = [
    { title: 'AFTER', value: ({ entry }) => formatDurationMs(Date.parse(entry.time) - start) },
    { title: 'WHO', value: actorOf },
    { title: 'WHAT', value: happened },
    { title: 'POLICY', value: ({ entry }) => decisionOf(entry) ?? '' },
    { title: 'ENTRY', value: ({ entry }) => entry.id },
  ];
  const { kind, tenant, state, error } = operation;
  const end = error === undefined ? state : `${state}: ${error.message}`;
  return `Operation ${id} (${kind}) of tenant/${tenant.name}, ${end}
Requested at ${operation.createTime}, request ${operation.requestId}, correlation ${operation.correlationId}

${renderTable(columns, story, paint)}`;
}
