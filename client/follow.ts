import type { StreamId, StreamQuery } from '../contracts/streams.ts';
import type { ApiClient } from './api-client.ts';
import { ApiError, ApiUnreachable } from './api-error.ts';
import type { StreamedEvent } from './event-stream.ts';
import { pause } from './pause.ts';

export interface Followed<Id extends StreamId, News> {
  readonly query: StreamQuery<Id>;
  /** Reads all there is: at the beginning, and again when what happened meanwhile is no longer known. */
  readonly list: () => Promise<News>;
  /** What an event says that is new. */
  readonly news: (event: StreamedEvent<Id>) => News | undefined;
  readonly signal: AbortSignal | undefined;
}

const firstDelayMs = 200;
const maxDelayMs = 5_000;

/**
 * Follows a stream for as long as it is iterated or until `signal`: first all there is, then each change, none missed. Lost
 * connections are taken up again where they were lost; an API that is away is waited for.
 * @throws ApiError for a refusal, the reason of `signal`
 */
export async function* follow<Id extends StreamId, News>(
  api: ApiClient,
  stream: Id,
  { query, list, news, signal }: Followed<Id, News>,
): AsyncGenerator<News> {
  const aborting = signal === undefined ? {} : { signal };
  let lastEventId: string | undefined;
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
        // What is listed after the first bookmark, with all that comes after that, is everything.
        if (lastEventId === undefined) yield await list();
        const told = news(event);
        if (told !== undefined) yield told;
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

/** What fetch throws when a connection is lost is a TypeError, or comes from the socket with a code. */
function isLost(error: unknown): boolean {
  return error instanceof ApiUnreachable || error instanceof TypeError || (error instanceof Error && 'code' in error);
}
