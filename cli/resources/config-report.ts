import type { RouteAnswer } from '../../contracts/routes.ts';
import type { Config, ConfigValue } from '../../contracts/manifests/tenant-config.ts';
import type { Paint } from '../text/paint.ts';
import { renderFields, renderTable } from '../text/table.ts';
import type { Column } from '../text/table.ts';
import { templateVersion } from './columns.ts';

export type ConfigReport = RouteAnswer<'configOfTenant'>;
type Entry = ConfigReport['values'][number];

const shownCharacters = 60;

/** A value on one line, truncated if it is long. */
function short(value: ConfigValue): string {
  const characters = Array.from(JSON.stringify(value));
  return characters.length > shownCharacters
    ? `${characters.slice(0, shownCharacters).join('')}…`
    : characters.join('');
}

const key: Column<Pick<Entry, 'key'>> = { title: 'KEY', value: (entry) => entry.key };
const shortValue: Column<Pick<Entry, 'key' | 'value'>> = { title: 'VALUE', value: ({ value }) => short(value) };
const origin: Column<Entry> = { title: 'ORIGIN', value: (entry) => entry.origin };

const reportColumns: readonly Column<Entry>[] = [
  key,
  { title: 'VALUE', value: ({ value }) => JSON.stringify(value) },
  origin,
  {
    title: 'TEMPLATE SAYS',
    value: ({ templateValue }) => (templateValue === undefined ? '' : JSON.stringify(templateValue)),
  },
];

/** The configuration of a tenant in effect, value by value, as text. */
export function renderConfigReport({ name, template, values }: ConfigReport, paint: Paint): string {
  const fields = renderFields([
    ['Tenant', name],
    ['Template', templateVersion(template) ?? 'none'],
  ]);
  return `${fields}\nConfiguration:\n${values.length === 0 ? '  nothing is set\n' : renderTable(reportColumns, values, paint, '  ')}`;
}

/** The same as part of another text; long values are truncated. */
export function renderConfigInEffect({ values }: ConfigReport, paint: Paint): string {
  return renderTable([key, shortValue, origin], values, paint, '  ');
}

/** The configuration of a template. */
export function renderConfig(config: Config, paint: Paint): string {
  const entries = Object.entries(config).map(([name, value]) => ({ key: name, value }));
  return renderTable([key, shortValue], entries, paint, '  ');
}
