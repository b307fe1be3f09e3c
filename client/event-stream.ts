import { EventSourceParserStream } from 'eventsource-parser/stream';
import type { StreamEvent, StreamId } from '../contracts/streams.ts';

/** One event of a stream, with the id from which to resume. */
export type StreamedEvent<Id extends StreamId> = StreamEvent<Id> & { readonly id: string };

/** The API sends something every 15 s, so a connection that is silent for this long is dead. */
const silenceMs = 45_000;

/**
 * Reads server-sent events until the response ends. It skips unknown event names, because a newer API can send more
 * kinds.
 * @throws what `fetch` throws if the connection is lost, and an Error if the stream has been silent for too long
 */
export async function* readEvents<Id extends StreamId>(
  answer: Response,
  known: ReadonlySet<string>,
): AsyncGenerator<StreamedEvent<Id>> {
  if (answer.body === null) return;
  const reader = answer.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream())
    .getReader();
  let silence: NodeJS.Timeout | undefined;
  try {
    for (;;) {
      silence = setTimeout(() => void reader.cancel(new Error('the stream was silent for too long')), silenceMs);
      const { done, value } = await reader.read();
      clearTimeout(silence);
      if (done) return;
      if (value.event !== undefined && known.has(value.event))
        yield { event: value.event, id: value.id ?? '', data: JSON.parse(value.data) } as StreamedEvent<Id>;
    }
  } finally {
    clearTimeout(silence);
    await reader.cancel().catch(() => undefined);
  }
}
