import type { ApiClient } from '../../client/api-client.ts';
import type { Tenant } from '../../contracts/manifests/tenant.ts';
import { formatAge } from '../text/duration.ts';
import type { Paint } from '../text/paint.ts';
import { renderFields, renderTable } from '../text/table.ts';
import type { Column } from '../text/table.ts';
import { operationColumns, placed, stepColumns, templateVersion } from './columns.ts';
import { renderConfigInEffect } from './tenant-reports.ts';

const lastOperations = 5;

const conditionColumns: readonly Column<Tenant['status']['conditions'][number]>[] = [
  { title: 'TYPE', value: ({ type }) => type },
  { title: 'STATUS', value: ({ status }) => status, state: true },
  { title: 'SINCE', value: ({ lastTransitionTime }) => formatAge(lastTransitionTime, Date.now()) },
  { title: 'REASON', value: ({ reason }) => reason },
  { title: 'MESSAGE', value: ({ message }) => message },
];

/** Everything about one tenant, as text: what is declared, its status, and its last operations. */
export async function describeTenant(api: ApiClient, name: string, paint: Paint): Promise<string> {
  const { body: tenant } = await api.call('getTenant', { params: { name } });
  const { spec, status } = tenant;
  const config =
    spec.template === undefined && spec.config === undefined
      ? undefined
      : (await api.call('configOfTenant', { params: { name } })).body;
  const running =
    status.operation === undefined
      ? undefined
      : (await api.call('getOperation', { params: { id: status.operation.id } })).body;
  const { items } = (await api.call('listOperations', { query: { tenant: name, pageSize: lastOperations } })).body;
  return [
    fieldsOf(tenant),
    `\nServices:\n${renderServices(spec.services)}`,
    config === undefined ? '' : `\nConfiguration:\n${renderConfigInEffect(config, paint)}`,
    `\nConditions:\n${renderTable(conditionColumns, status.conditions, paint, '  ')}`,
    running === undefined
      ? ''
      : `\nRunning: operation/${running.id} (${running.kind}), ${running.progress.done} of ${running.progress.total} steps done\n${renderTable(stepColumns, running.steps, paint, '  ')}`,
    status.pending === undefined
      ? ''
      : `\nPending: operation/${status.pending.id} (${status.pending.kind}), starts when the running operation is undone\n`,
    items.length === 0 ? '' : `\nLast operations:\n${renderTable(operationColumns, items, paint, '  ')}`,
  ].join('');
}

function fieldsOf({ metadata, spec, status }: Tenant): string {
  const { placement, plan, scheduledPlan, deletion } = status;
  return renderFields([
    ['Tenant', metadata.name],
    ['Display name', spec.displayName],
    ['UID', metadata.uid],
    ['Labels', pairs(metadata.labels)],
    ['Annotations', pairs(metadata.annotations)],
    ['Created', `${metadata.createTime} (${formatAge(metadata.createTime, Date.now())} ago)`],
    ['Generation', `${metadata.generation}, observed ${status.observedGeneration}`],
    ['Revision', String(metadata.revision)],
    ['Template', templateVersion(spec.template)],
    ['Plan', spec.plan],
    [
      'Plan in effect',
      plan === undefined ? undefined : `${plan.name}, generation ${plan.generation}, since ${plan.bindTime}`,
    ],
    ['Scheduled plan', scheduledPlan === undefined ? undefined : `${scheduledPlan.name}, from ${scheduledPlan.time}`],
    [
      'Lifecycle',
      spec.lifecycle === undefined || spec.lifecycle === status.lifecycle
        ? status.lifecycle
        : `${status.lifecycle}, declared ${spec.lifecycle}`,
    ],
    [
      'Deleted',
      deletion === undefined
        ? undefined
        : `${deletion.deleteTime} (${formatAge(deletion.deleteTime, Date.now())} ago), from ${deletion.from}; purge at ${deletion.purgeTime} or later`,
    ],
    ['Legal hold', spec.hold?.reason],
    [
      'Residency',
      [...(spec.residency?.allowedRegions ?? []), ...(spec.residency?.jurisdictions ?? [])].join(', ') ||
        'not restricted',
    ],
    [
      'Preferred',
      [spec.placement?.mode, spec.placement?.preferredRegion].filter((part) => part !== undefined).join(' in '),
    ],
    ['Placed', placement === undefined ? 'nowhere yet' : placed(placement)],
  ]);
}

/** Services with the names of their collections, one per line. */
export function renderServices(services: Tenant['spec']['services']): string {
  return services
    .map(
      ({ name, strategy, collections }) =>
        `  ${name}${strategy === undefined ? '' : ` (${strategy})`}: ${collections.map((collection) => collection.name).join(', ')}\n`,
    )
    .join('');
}

/** Labels or annotations on one line. */
export function pairs(values: Readonly<Record<string, string>> | undefined): string {
  return Object.entries(values ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(', ');
}
