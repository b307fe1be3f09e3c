import type { ApiClient } from '../../client/api-client.ts';
import type { WebhookHealth } from '../../contracts/webhooks.ts';
import type { Paint } from '../text/paint.ts';
import { renderFields, renderTable } from '../text/table.ts';
import type { Column } from '../text/table.ts';
import { attemptColumns, webhookState } from './columns.ts';
import { ago, metadataFields } from './describe-catalog.ts';

const latestAttempts = 5;

const keyColumns: readonly Column<WebhookHealth['keys'][number]>[] = [
  { title: 'KEY', value: ({ id }) => id },
  { title: 'CREATED', value: ({ createTime }) => createTime },
  { title: 'SIGNS UNTIL', value: ({ expireTime }) => expireTime ?? '' },
  { title: 'PUBLIC KEY', value: ({ publicKey }) => publicKey ?? '' },
];

const optional = (time: string | undefined): string => (time === undefined ? '' : ago(time));

/** How the deliveries to a webhook are doing, as text. */
export function renderHealth(health: WebhookHealth, paint: Paint): string {
  const {
    state,
    behind,
    replaying,
    retrying,
    waiting,
    dead,
    lastDeliveryTime,
    failingSince,
    disableTime,
    keys,
    webhook,
  } = health;
  const fields = renderFields([
    ['Webhook', webhook],
    ['Sending', state === 'sending' ? 'yes' : `no: ${state}`],
    ['Behind', behind === 0 ? 'no' : `${behind} entries of the log`],
    ['Replaying', replaying === 0 ? '' : `${replaying} entries of the log`],
    ['To be sent again', String(retrying)],
    ['Waiting for those', waiting === 0 ? '' : String(waiting)],
    ['Given up', dead === 0 ? '0' : `${dead}: tenure webhook requeue ${webhook}`],
    ['Last delivery', optional(lastDeliveryTime)],
    ['Failing since', optional(failingSince)],
    ['Disabled at', disableTime ?? ''],
  ]);
  return `${fields}\nKeys:\n${renderTable(keyColumns, keys, paint, '  ')}`;
}

/** Everything about one webhook, as text. */
export async function describeWebhook(api: ApiClient, name: string, paint: Paint): Promise<string> {
  const params = { name };
  const { body } = await api.call('getWebhook', { params });
  const { metadata, spec, status } = body;
  const health = (await api.call('getWebhookHealth', { params })).body;
  const { items } = (await api.call('listDeliveryAttempts', { params, query: { pageSize: latestAttempts } })).body;
  const fields = renderFields([
    ['Webhook', metadata.name],
    ['Display name', spec.displayName],
    ...metadataFields(metadata),
    ['URL', spec.url],
    ['Events', spec.events?.join(', ') ?? 'all'],
    ['Tenants', spec.tenants?.join(', ') ?? spec.tenantSelector ?? 'all'],
    ['Order', spec.order === 'tenant' ? 'of each tenant' : 'none'],
    ['State', webhookState(body)],
    ['Disabled', status.disabled === undefined ? '' : `${status.disabled.reason}, ${ago(status.disabled.time)}`],
  ]);
  return [
    fields,
    `\nDeliveries:\n${renderHealth(health, paint).replaceAll(/^(?=.)/gm, '  ')}`,
    items.length === 0 ? '' : `\nLatest attempts:\n${renderTable(attemptColumns, items, paint, '  ')}`,
  ].join('');
}
