import type { RolloutPreview } from '../../contracts/rollout.ts';
import type { Paint } from '../text/paint.ts';
import { renderTable } from '../text/table.ts';
import type { Column } from '../text/table.ts';
import { renderChanges } from './changes.ts';
import { templateVersion } from './columns.ts';

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
  const told = [...groups.values()].map(([first, ...others]) =>
    first === undefined ? '' : renderGroup(to.name, first, others, paint),
  );
  return [
    `${templateVersion(to)} would change ${counted(allowed.length)}${refused.length === 0 ? '' : `, and ${counted(refused.length)} cannot be changed`}.\n`,
    ...told,
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
