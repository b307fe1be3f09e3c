import type { ApiClient } from '../../client/api-client.ts';
import type { RouteAnswer } from '../../contracts/routes.ts';
import type { Paint } from '../text/paint.ts';
import { renderFields, renderTable } from '../text/table.ts';
import { rolloutColumns } from './columns.ts';
import { renderConfig } from './config-report.ts';
import { metadataFields } from './describe-settled.ts';
import { renderServices } from './describe-tenant.ts';

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
