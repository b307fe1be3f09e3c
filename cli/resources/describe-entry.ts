import type { AuditEntry } from '../../contracts/audit.ts';
import { renderFields } from '../text/table.ts';
import { actorOf, decisionOf, targetOf } from './entry-words.ts';
import { renderObject } from './print.ts';

function stateOf(state: AuditEntry['entry']['next']): string | undefined {
  if (state === undefined) return undefined;
  const { lifecycle, generation, revision } = state;
  return `${lifecycle === undefined ? '' : `${lifecycle}, `}generation ${generation}, revision ${revision}`;
}

/** One entry of the ledger, as text. */
export function describeEntry(audited: AuditEntry): string {
  const { entry, log } = audited;
  const fields = renderFields([
    ['ID', entry.id],
    ['Time', entry.time],
    ['Who', actorOf(audited)],
    ['Action', entry.action],
    ['Target', targetOf(audited)],
    ['Tenant', entry.tenant],
    ['Outcome', entry.outcome],
    ['Reason', entry.reason],
    [
      'Repeated',
      entry.repeated === undefined ? undefined : `${entry.repeated.count} times since ${entry.repeated.since}`,
    ],
    ['Before', stateOf(entry.previous)],
    ['After', stateOf(entry.next)],
    ['Policy', decisionOf(entry)],
    ['Bundle', entry.policy?.bundle],
    ['Operation', entry.operationId],
    ['Step', entry.step],
    ['Request', entry.requestId],
    ['Correlation', entry.correlationId],
    ['In the log', log === undefined ? 'not yet' : `at ${log.index}, the tenant’s entry ${log.sequence}`],
  ]);
  if (entry.event === undefined) return fields;
  return `${fields}\nEvent ${entry.event.type}:\n${renderObject('yaml', entry.event.data).replaceAll(/^(?=.)/gm, '  ')}`;
}
