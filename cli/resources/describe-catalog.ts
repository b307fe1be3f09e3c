import type { ApiClient } from '../../client/api-client.ts';
import type { RouteAnswer } from '../../contracts/routes.ts';
import type { Paint } from '../text/paint.ts';
import { renderFields, renderTable } from '../text/table.ts';
import { placed, rolloutColumns } from './columns.ts';
import { renderConfig } from './tenant-reports.ts';
import { pairs, renderServices } from './describe-tenant.ts';
import { readApiStatus } from '../../client/api-status.ts';
import type { Metadata } from '../../contracts/manifests/metadata.ts';
import { formatAge } from '../text/duration.ts';
import type { Column } from '../text/table.ts';

const lastRollouts = 5;
const countedTenants = 500;

/** Everything about one template, as text: its values, the tenants with each version, and the last roll-outs. */
export async function describeTemplate(api: ApiClient, name: string, paint: Paint): Promise<string> {
  const { metadata, spec } = (await api.call('getTemplate', { params: { name } })).body;
  const tenants = (await api.call('listTenants', { query: { template: name, pageSize: countedTenants } })).body;
  const { items: rollouts } = (await api.call('listRollouts', { params: { name }, query: { pageSize: lastRollouts } }))
    .body;
  const fields = renderFields([
    ['Template', metadata.name],
    ['Display name', spec.displayName],
    ...metadataFields(metadata, 'Latest version'),
    ['Tenants', tenantsByVersion(tenants)],
    ['Its tenants', `tenure get tenants --template ${metadata.name}`],
  ]);
  return [
    fields,
    Object.keys(spec.config).length === 0 ? '' : `\nConfiguration:\n${renderConfig(spec.config, paint)}`,
    spec.services === undefined ? '' : `\nServices:\n${renderServices(spec.services)}`,
    rollouts.length === 0 ? '' : `\nLast roll-outs:\n${renderTable(rolloutColumns, rollouts, paint, '  ')}`,
  ].join('');
}

/** The newest version first. Counts only one page of tenants. */
function tenantsByVersion({ items, nextPageToken }: RouteAnswer<'listTenants'>): string {
  const byVersion = new Map<number, number>();
  for (const { spec } of items)
    if (spec.template !== undefined)
      byVersion.set(spec.template.version, (byVersion.get(spec.template.version) ?? 0) + 1);
  const counts = [...byVersion]
    .toSorted(([a], [b]) => b - a)
    .map(([version, count]) => `${count} at version ${version}`);
  return `${nextPageToken === undefined ? '' : `of the first ${items.length}: `}${counts.join(', ') || 'none'}`;
}

export const ago = (time: string): string => `${time} (${formatAge(time, Date.now())} ago)`;

/** The fields of every declared resource. */
export function metadataFields(
  { uid, labels, annotations, createTime, updateTime, generation, revision }: Metadata,
  generationLabel = 'Generation',
): [string, string][] {
  return [
    ['UID', uid],
    ['Labels', pairs(labels)],
    ['Annotations', pairs(annotations)],
    ['Created', ago(createTime)],
    ['Changed', updateTime === createTime ? '' : ago(updateTime)],
    [generationLabel, String(generation)],
    ['Revision', String(revision)],
  ];
}

/** Everything about one plan, as text. */
export async function describePlan(api: ApiClient, name: string): Promise<string> {
  const { metadata, spec } = (await api.call('getPlan', { params: { name } })).body;
  return renderFields([
    ['Plan', metadata.name],
    ['Display name', spec.displayName],
    ...metadataFields(metadata),
    ['Isolation', spec.isolationModes.join(', ')],
    ['Regions', spec.allowedRegions?.join(', ') ?? 'any'],
    ['Tables', `at most ${spec.quotas.tables}: collections, their _id indexes and declared indexes together`],
    ['Its tenants', `tenure get tenants --plan ${metadata.name}`],
  ]);
}

interface ShownCell {
  readonly name: string;
  readonly tableBudget: number;
  readonly state: string;
}

const cellColumns: readonly Column<ShownCell>[] = [
  { title: 'CELL', value: ({ name }) => name },
  { title: 'TABLE-BUDGET', value: ({ tableBudget }) => String(tableBudget) },
  { title: 'STATE', value: ({ state }) => state },
];

/** The state of a cell by the API: whether workers reach it, and whether it is the right deployment. */
const cellStates: Readonly<Record<string, string>> = {
  ok: 'reachable',
  away: 'away: no worker can reach it',
  failed: 'another deployment answers at its address',
};

/** Everything about one region, as text. */
export async function describeRegion(api: ApiClient, name: string, paint: Paint): Promise<string> {
  const { metadata, spec } = (await api.call('getRegion', { params: { name } })).body;
  const fields = renderFields([
    ['Region', metadata.name],
    ['Display name', spec.displayName],
    ...metadataFields(metadata),
    ['Jurisdiction', spec.jurisdiction],
    ['New tenants', spec.acceptsTenants ? 'accepted' : 'not accepted'],
    ['Its tenants', `tenure get tenants --region ${metadata.name}`],
  ]);
  const { checks } = await readApiStatus(api.server);
  const cells = spec.cells.map((cell) => ({
    ...cell,
    state: cellStates[checks[`cell ${cell.name}`] ?? ''] ?? 'not in the cells file of the API',
  }));
  return `${fields}\nCells:\n${renderTable(cellColumns, cells, paint, '  ')}`;
}

/** The tombstone of one purged tenant, as text. */
export async function describeTombstone(api: ApiClient, uid: string): Promise<string> {
  const { name, createTime, deleteTime, purgeTime, generation, placement, operationId, ledgerEntry } = (
    await api.call('getTombstone', { params: { uid } })
  ).body;
  return renderFields([
    ['Tenant', name],
    ['UID', uid],
    ['Created', ago(createTime)],
    ['Deleted', ago(deleteTime)],
    ['Purged', ago(purgeTime)],
    ['Generation', `${generation}, the last`],
    ['Placed', placement === undefined ? 'nowhere' : placed(placement)],
    ['Operation', operationId],
    ['Ledger entry', ledgerEntry],
  ]);
}
