import type { StreamId, StreamQuery } from '../contracts/streams.ts';
import type { ApiClient } from './api-client.ts';
import { ApiError, ApiUnreachable } from './api-error.ts';
import type { StreamedEvent } from './event-stream.ts';
import { pause } from './pause.ts';

export interface Followed<Id extends StreamId, News> {
  readonly query: StreamQuery<Id>;
  /** The id of the event after which to begin. Default: now. */
  readonly lastEventId?: string | undefined;
  /** Reads the current state: at the start, and again if the position has expired. */
  readonly list?: () => Promise<News>;
  /** The news in an event, if any. */
  readonly news: (event: StreamedEvent<Id>) => News | undefined;
  readonly signal: AbortSignal | undefined;
}

const firstDelayMs = 200;
const maxDelayMs = 5_000;

/**
 * Follows a stream until the iteration stops or `signal` aborts: first the current state, then each change without
 * gaps. It resumes after lost connections and waits for an API that is unavailable.
 * @throws ApiError if the API refuses the request, the reason of `signal`
 */
export async function* follow<Id extends StreamId, News>(
  api: ApiClient,
  stream: Id,
  { query, lastEventId: from, list, news, signal }: Followed<Id, News>,
): AsyncGenerator<News> {
  const aborting = signal === undefined ? {} : { signal };
  let lastEventId = from;
  let delayMs = firstDelayMs;
  for (;;) {
    signal?.throwIfAborted();
    try {
      const events = await api.stream(stream, {
        query,
        ...(lastEventId === undefined ? {} : { lastEventId }),
        ...aborting,
      });
      for await (const event of events) {
        delayMs = firstDelayMs;
        // A list read after the first bookmark, plus all later events, has no gaps.
        if (lastEventId === undefined && list !== undefined) yield await list();
        const item = news(event);
        if (item !== undefined) yield item;
        lastEventId = event.id;
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof ApiError && error.code === 'watch_expired') lastEventId = undefined;
      else if (
        error instanceof ApiError ? error.problem.status !== 503 && error.problem.status !== 429 : !isLost(error)
      )
        throw error;
    }
    await pause(delayMs * (0.5 + Math.random() / 2), signal);
    delayMs = Math.min(delayMs * 2, maxDelayMs);
  }
}

/** For a lost connection, fetch throws a TypeError or an error of the socket with a code. */
function isLost(error: unknown): boolean {
  return error instanceof ApiUnreachable || error instanceof TypeError || (error instanceof Error && 'code' in error);
}
