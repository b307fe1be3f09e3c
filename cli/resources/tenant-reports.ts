import type { RouteAnswer } from '../../contracts/routes.ts';
import type { Config, ConfigValue } from '../../contracts/manifests/tenant-config.ts';
import type { Paint } from '../text/paint.ts';
import { renderFields, renderTable } from '../text/table.ts';
import type { Column } from '../text/table.ts';
import { placed, templateVersion } from './columns.ts';

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
    title: 'TEMPLATE VALUE',
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

type PlanPreview = RouteAnswer<'previewPlanOfTenant'>;
interface Side {
  readonly title: string;
  readonly side: PlanPreview['current'];
  readonly usedTables: number;
}

const columns: readonly Column<Side>[] = [
  { title: '', value: ({ title }) => title },
  { title: 'PLAN', value: ({ side }) => side.plan },
  {
    title: 'TABLES',
    value: ({ side, usedTables }) =>
      side.quotas === undefined ? 'no such plan' : `${usedTables} of ${side.quotas.tables}`,
  },
  { title: 'PRICE PER MONTH', value: ({ side }) => money(side.price) ?? 'not known' },
];

/** The effect of a plan change, as text. */
export function renderPlanPreview(
  { allowed, deny, current, next, usage, monthlyDifference }: PlanPreview,
  paint: Paint,
): string {
  const sides = [
    { title: 'now', side: current },
    { title: 'then', side: next },
  ].map((each) => ({ ...each, usedTables: usage.tables }));
  const fields = renderFields([
    ['Difference', monthlyDifference === undefined ? 'not known' : `${money(monthlyDifference)} per month`],
    ['Policy', allowed ? 'allows it' : 'denies it'],
    ...deny.flatMap(({ rule, message, fix }): [string, string][] => [
      ['Rule', `${rule}: ${message}`],
      ['Fix', fix],
    ]),
  ]);
  const verdict = fields.replace(
    /^(Policy:\s+)(.*)$/m,
    (_line, label: string, text: string) => `${label}${paint(allowed ? 'green' : 'red', text)}`,
  );
  return `${renderTable(columns, sides, paint)}\n${verdict}`;
}

function money(price: PlanPreview['monthlyDifference']): string | undefined {
  return price === undefined ? undefined : `${price.amount} ${price.currency}`;
}

type PlacementExplanation = RouteAnswer<'explainPlacementOfTenant'>;
type Candidate = PlacementExplanation['candidates'][number];

function columnsFor(chosen: PlacementExplanation['chosen']): readonly Column<Candidate>[] {
  const isChosen = ({ region, cell }: Candidate): boolean =>
    chosen !== undefined && region === chosen.region && cell === chosen.cell;
  return [
    { title: 'REGION', value: ({ region }) => region },
    { title: 'CELL', value: ({ cell }) => cell ?? '' },
    {
      title: 'VERDICT',
      value: (candidate) =>
        candidate.removedBy !== undefined ? 'removed' : isChosen(candidate) ? 'chosen' : 'possible',
      state: true,
    },
    { title: 'RULE', value: ({ removedBy }) => removedBy?.rule ?? '' },
    { title: 'WHY', value: ({ removedBy }) => removedBy?.message ?? '' },
  ];
}

/** The verdict of the placement resolver on every region and cell, as text. */
export function renderPlacementExplanation(
  { current, chosen, tables, candidates }: PlacementExplanation,
  paint: Paint,
): string {
  const fields = renderFields([
    ['Placed', current === undefined ? 'nowhere yet' : placed(current)],
    [
      'If placed now',
      chosen === undefined
        ? 'nowhere: every candidate was excluded'
        : `${chosen.mode} in ${chosen.region}, cell ${chosen.cell}`,
    ],
    ['Needs', `${tables} tables of the cell budget`],
  ]);
  return `${fields}\nCandidates:\n${candidates.length === 0 ? '  none, because there are no regions\n' : renderTable(columnsFor(chosen), candidates, paint, '  ')}`;
}
