import type { ChangeStream, ResumeToken } from 'mongodb';
import { TenureError } from '../domain/tenure-error.ts';
import { onControl } from './control-errors.ts';

/**
 * A position in the order of all changes. Positions compare as strings: they are MongoDB's resume tokens in
 * hexadecimal, and MongoDB's manual guarantees this order.
 */
export type Position = string;

export function positionOf(token: ResumeToken): Position {
  const { _data: data } = token as { readonly _data?: unknown };
  if (typeof data !== 'string') throw new TenureError('internal', 'a change stream gave no resume token');
  return data;
}

/** The option that opens a change stream after a position, or from now on if there is none. */
export function resumingAfter(after: Position | undefined): { readonly resumeAfter?: ResumeToken } {
  return after === undefined ? {} : { resumeAfter: { _data: after } };
}

/** A change stream that mongod has opened: it has every event after `start`. */
export interface OpenStream<Event> {
  readonly start: Position;
  /**
   * The next event, if there is one within a moment, and the position up to which all events have been returned.
   * @throws TenureError control_unavailable
   */
  next(): Promise<{ readonly event: Event | undefined; readonly position: Position }>;
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
      start: positionOf(first?._id ?? stream.resumeToken),
      async next() {
        const event = first ?? (await read());
        first = undefined;
        return { event, position: positionOf(event?._id ?? stream.resumeToken) };
      },
      close: () => stream.close(),
    };
  } catch (error) {
    await stream.close().catch(() => undefined);
    throw error;
  }
}
