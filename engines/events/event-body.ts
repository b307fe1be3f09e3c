import { formatSequence } from '../../contracts/event.ts';
import type { Event } from '../../contracts/event.ts';
import type { LedgerEntry, StateReference } from '../../contracts/ledger-entry.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { LoggedEvent } from '../../store/events.ts';

interface Named {
  readonly name: string;
}

/** What an event is about, as the CLI names it. */
function subjectOf({ data }: NonNullable<LedgerEntry['event']>): string {
  for (const kind of ['tenant', 'plan', 'region', 'template', 'webhook'] as const) {
    const about = data[kind];
    if (typeof about === 'string') return `${kind}/${about}`;
    if (about !== undefined) return `${kind}/${(about as unknown as Named).name}`;
  }
  throw new TenureError('internal', 'an event names nothing that it is about');
}

function stateOf({ generation, revision, lifecycle, digest }: StateReference): Event['data'] {
  return { generation, revision, ...(lifecycle === undefined ? {} : { lifecycle }), digest };
}

/** The public form of an event. */
export function eventBody({ type, sequence, entry }: Pick<LoggedEvent, 'type' | 'sequence' | 'entry'>): Event {
  const { id, installation, time, tenant, event, previous, next, requestId, correlationId, operationId } = entry;
  if (event === undefined) throw new TenureError('internal', `entry ${id} has no event`);
  return {
    specversion: '1.0',
    id,
    source: `/installations/${installation}`,
    type,
    subject: subjectOf(event),
    time,
    datacontenttype: 'application/json',
    dataschema: `/v1/event-types#${type}`,
    ...(tenant === undefined ? {} : { tenantid: tenant }),
    sequence: formatSequence(sequence),
    requestid: requestId,
    correlationid: correlationId,
    ...(operationId === undefined ? {} : { operationid: operationId }),
    data: {
      ...event.data,
      ...(previous === undefined ? {} : { previous: stateOf(previous) }),
      ...(next === undefined ? {} : { next: stateOf(next) }),
    },
  };
}
