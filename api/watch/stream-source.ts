import type { StreamId, StreamQuery } from '../../contracts/streams.ts';
import type { Caller } from '../../engines/requests/caller.ts';

/** Where a source sends its events. */
export interface Sink {
  /** Sends an event, encoded. Returns false if it cannot now: then the source gets `resume` once there is room. */
  send(event: Buffer): boolean;
  /** Ends the response. The caller reconnects with the last id that it has. */
  end(): void;
}

/** A stream as a caller asks for it. */
export interface StreamRequest<Id extends StreamId> {
  readonly query: StreamQuery<Id>;
  readonly caller: Caller;
  /** The id from which it resumes; undefined: from now on. */
  readonly lastEventId: string | undefined;
  /** Aborts when the caller has disconnected. */
  readonly gone: AbortSignal;
}

/** What is sent on one stream. Nothing can be sent before the first `resume`. */
export interface StreamSource {
  /** The id of the first bookmark: everything after it is sent. */
  readonly from: string;
  /** The id of the latest position: everything up to it was sent. */
  position(): string;
  /** There is room. */
  resume(): void;
  stop(): void;
}

/** Opens the source of each stream. A refusal comes before the first event. */
export type StreamSources = {
  readonly [Id in StreamId]: (request: StreamRequest<Id>, sink: Sink) => Promise<StreamSource>;
};
