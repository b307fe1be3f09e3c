import type { Tenant } from '../../contracts/manifests/tenant.ts';
import { renderFields } from '../text/table.ts';

function headline({ metadata: { name, uid } }: Tenant): string {
  return `tenant/${name} (${uid})`;
}

/** What a deletion does, shown before it is confirmed; `program` is the command to use in hints. */
export function explainDelete(tenant: Tenant, program: string): string {
  return `This deletes ${headline(tenant)}. Its data is kept until its purge; until then \`${program} undelete ${tenant.metadata.name}\` restores it.\n`;
}

/** What a purge destroys, shown before it is confirmed. */
export function explainPurge(tenant: Tenant, early: boolean): string {
  const { purgeTime } = tenant.status.deletion ?? {};
  const before = early ? '--early purges it before that' : 'before that, only --early purges it';
  const fields = renderFields([
    ['Data', dataOf(tenant.status.placement)],
    ['Access', 'its user and roles on the cell'],
    ['Keys', 'its data key and its credential'],
    ['Time', purgeTime === undefined ? undefined : `it can be restored until ${purgeTime}; ${before}`],
  ]);
  return `This destroys ${headline(tenant)} permanently:\n${fields.replaceAll(/^(?=.)/gm, '  ')}A tombstone remains, and the name becomes available again.\n`;
}

function dataOf(placement: Tenant['status']['placement']): string {
  if (placement === undefined) return 'none, it was never placed';
  const { mode, database, region, cell } = placement;
  const where = `in ${region}, cell ${cell}`;
  switch (mode) {
    case 'dedicated':
      return `the whole database ${database} ${where}`;
    case 'schema':
      return `its collections in database ${database} ${where}`;
    case 'hybrid':
      return `the whole database ${database}, and its pooled collections, ${where}`;
  }
}
