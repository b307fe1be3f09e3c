import type { ChangeStream, ResumeToken } from 'mongodb';
import { onControl } from './control-errors.ts';

/** A change stream that mongod has opened: it has every event from `start` on. */
export interface OpenStream<Event> {
  readonly start: ResumeToken;
  /**
   * The next event, if there is one within a moment, and the position up to which all events have been returned.
   * @throws TenureError control_unavailable
   */
  next(): Promise<{ readonly event: Event | undefined; readonly position: ResumeToken }>;
  close(): Promise<void>;
}

/** Opens a change stream, or closes it and throws. @throws TenureError control_unavailable */
export async function openStream<Event extends { readonly _id: ResumeToken }>(
  stream: Pick<ChangeStream, 'close' | 'resumeToken'> & { tryNext(): Promise<unknown> },
): Promise<OpenStream<Event>> {
  const read = async (): Promise<Event | undefined> =>
    ((await onControl(() => stream.tryNext())) as Event | null) ?? undefined;
  try {
    // The first call opens the stream; an event that it returns is kept for the first reader.
    let first = await read();
    return {
      start: first?._id ?? stream.resumeToken,
      async next() {
        const event = first ?? (await read());
        first = undefined;
        return { event, position: event?._id ?? stream.resumeToken };
      },
      close: () => stream.close(),
    };
  } catch (error) {
    await stream.close().catch(() => undefined);
    throw error;
  }
}
