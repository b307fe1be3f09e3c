import type { Tenant } from '../../contracts/manifests/tenant.ts';
import { renderFields } from '../text/table.ts';

function headline({ metadata: { name, uid } }: Tenant): string {
  return `tenant/${name} (${uid})`;
}

/** What a deletion does, for whoever is about to ask for it with `program`. */
export function explainDelete(tenant: Tenant, program: string): string {
  return `This deletes ${headline(tenant)}. Its data stays until its purge, and until then \`${program} undelete ${tenant.metadata.name}\` brings it back.\n`;
}

/** What a purge destroys, for whoever is about to ask for it. */
export function explainPurge(tenant: Tenant, early: boolean): string {
  const { purgeTime } = tenant.status.deletion ?? {};
  const before = early ? 'with --early this is given up' : 'before that only --early purges it';
  const fields = renderFields([
    ['Data', dataOf(tenant.status.placement)],
    ['Access', 'its user and roles on the cell'],
    ['Keys', 'its data key and its credential'],
    ['Time', purgeTime === undefined ? undefined : `it can be brought back until ${purgeTime}; ${before}`],
  ]);
  return `This destroys ${headline(tenant)}, and nothing brings it back:\n${fields.replaceAll(/^(?=.)/gm, '  ')}A tombstone is left, and the name is free again.\n`;
}

function dataOf(placement: Tenant['status']['placement']): string {
  if (placement === undefined) return 'none, it never had a place';
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
