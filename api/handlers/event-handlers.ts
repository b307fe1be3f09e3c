import { z } from 'zod';
import { eventDataSchema } from '../../contracts/event.ts';
import type { EventTypeInfo } from '../../contracts/event.ts';
import { eventCatalogue, eventTypes } from '../../contracts/event-types.ts';
import type { Store } from '../../store/store.ts';
import { absent } from '../authorization.ts';
import type { Authorize } from '../authorization.ts';
import { eventBody } from '../../engines/events/event-body.ts';
import type { PrepareEventReading } from '../events/event-reading.ts';
import type { RouteHandlers } from '../reply.ts';

export interface EventHandlerDependencies {
  readonly store: Pick<Store, 'events'>;
  readonly authorize: Authorize;
  readonly prepareEventReading: PrepareEventReading;
}

function typeInfo(type: (typeof eventTypes)[number]): EventTypeInfo {
  const { summary } = eventCatalogue[type];
  const dataSchema = z.toJSONSchema(eventDataSchema(type), { io: 'output' });
  return { type, summary, dataSchema: JSON.parse(JSON.stringify(dataSchema)) as EventTypeInfo['dataSchema'] };
}

export function eventHandlers({
  store,
  authorize,
  prepareEventReading,
}: EventHandlerDependencies): Pick<RouteHandlers, 'listEvents' | 'getEvent' | 'getEventTypes'> {
  let types: readonly EventTypeInfo[] | undefined;
  return {
    async listEvents({ query: { pageSize, after, ...query }, caller }) {
      const { scope, from, cursorAt } = await prepareEventReading(caller, query, after);
      const { events, readTo, isEnd } = await store.events.read(scope, from ?? 0, pageSize);
      return {
        status: 200,
        body: { items: events.map(({ document }) => eventBody(document)), cursor: cursorAt(readTo), more: !isEnd },
      };
    },
    async getEvent({ params: { id }, caller }) {
      const event = await store.events.find(id);
      await authorize(caller, 'event.get', {
        kind: 'Event',
        ...(event === undefined || event.tenant === null ? {} : { tenant: event.tenant }),
      });
      if (event === undefined) throw absent({ kind: 'Event' });
      return { status: 200, body: eventBody(event) };
    },
    async getEventTypes({ caller }) {
      await authorize(caller, 'event.list', { kind: 'Event' });
      types ??= eventTypes.map(typeInfo);
      return { status: 200, body: { items: [...types] } };
    },
  };
}
