import type { ApiClient } from '../../client/api-client.ts';
import { renderObject } from './print.ts';
import { renderFields } from '../text/table.ts';

/** One event, as text. */
export async function describeEvent(api: ApiClient, id: string): Promise<string> {
  const { type, subject, time, sequence, tenantid, operationid, requestid, correlationid, data } = (
    await api.call('getEvent', { params: { id } })
  ).body;
  const fields = renderFields([
    ['Type', type],
    ['Subject', subject],
    ['Tenant', tenantid],
    ['Time', time],
    ['Sequence', String(Number(sequence))],
    ['Operation', operationid],
    ['Request', requestid],
    ['Correlation', correlationid],
  ]);
  return `${fields}\nData:\n${renderObject('yaml', data).replaceAll(/^(?=.)/gm, '  ')}`;
}
