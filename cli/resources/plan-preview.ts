import type { RouteAnswer } from '../../contracts/routes.ts';
import type { Paint } from '../text/paint.ts';
import { renderFields, renderTable } from '../text/table.ts';
import type { Column } from '../text/table.ts';

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
