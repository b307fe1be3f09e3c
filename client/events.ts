import type { Event } from '../contracts/event.ts';
import type { RouteQueryInput } from '../contracts/routes.ts';
import type { ApiClient } from './api-client.ts';
import { follow } from './follow.ts';

export interface EventsOptions extends Omit<RouteQueryInput<'listEvents'>, 'pageSize'> {
  readonly signal?: AbortSignal;
}

/** An event, and the cursor of what follows it. Store the cursor when the event has been processed. */
export interface ReceivedEvent {
  readonly event: Event;
  readonly cursor: string;
}

const pageSize = 500;

/**
 * Reads the events there are, oldest first, and ends. Begins at `after`, `since` or `afterSequence`, or else at the
 * first event.
 * @throws ApiError, ApiUnreachable
 */
export async function* readEvents(
  api: ApiClient,
  { signal, after, ...query }: EventsOptions = {},
): AsyncGenerator<Event> {
  let cursor = after;
  for (;;) {
    const { since: _since, afterSequence: _sequence, ...filter } = query;
    const { body } = await api.call('listEvents', {
      query: { ...(cursor === undefined ? query : { ...filter, after: cursor }), pageSize },
      ...(signal === undefined ? {} : { signal }),
    });
    yield* body.items;
    if (!body.more) return;
    ({ cursor } = body);
  }
}

/**
 * Follows events without gaps until the iteration stops or `signal` aborts: those that were missed since `after`,
 * `since` or `afterSequence`, and then each as it happens. It resumes after lost connections and waits for an API that is
 * unavailable.
 * @throws ApiError if the API refuses the request, the reason of `signal`
 */
export function followEvents(
  api: ApiClient,
  { signal, after, ...query }: EventsOptions = {},
): AsyncGenerator<ReceivedEvent> {
  return follow<'watchEvents', ReceivedEvent>(api, 'watchEvents', {
    query,
    lastEventId: after,
    news: ({ event, data, id }) => (event === 'event' ? { event: data, cursor: id } : undefined),
    signal,
  });
}
