import type { StreamId } from '../../contracts/streams.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { Position } from '../../store/open-stream.ts';
import type { PageTokens } from '../page-token.ts';
import type { ChangeHub } from './change-hub.ts';
import { encodeEvent } from './event-stream.ts';
import type { Sink, StreamRequest, StreamSource, StreamSources } from './stream-source.ts';
import type { Show, Shown, WatchId, Watches } from './watches.ts';

export interface ChangeSourcesDependencies {
  readonly hub: ChangeHub;
  readonly watches: Watches;
  /** Seals positions, so that callers can neither forge them nor read data of others in them. */
  readonly pageTokens: PageTokens;
}

/** One list without a filter, so that a position is valid for every stream. */
const list = 'changes';

/** The streams of changes of tenants and operations. */
export function createChangeSources({
  hub,
  watches,
  pageTokens,
}: ChangeSourcesDependencies): Pick<StreamSources, WatchId> {
  const idOf = (position: Position): string => pageTokens.make(list, null, position);
  /** Streams that show the same change share one object, which is encoded only once. */
  const encoded = new WeakMap<Shown, Buffer>();

  function encode(shown: Shown, position: Position): Buffer {
    const known = encoded.get(shown);
    if (known !== undefined) return known;
    const bytes = encodeEvent({ ...shown, id: idOf(position) });
    encoded.set(shown, bytes);
    return bytes;
  }

  function readPosition(lastEventId: string | undefined): Position | undefined {
    if (lastEventId === undefined) return undefined;
    try {
      return pageTokens.read(list, null, lastEventId);
    } catch (error) {
      throw new TenureError('watch_expired', 'Last-Event-ID was not issued by this installation', { cause: error });
    }
  }

  async function open(
    show: Show,
    { caller, lastEventId, gone }: StreamRequest<StreamId>,
    sink: Sink,
  ): Promise<StreamSource> {
    const following = await hub.follow(
      readPosition(lastEventId),
      caller.actor.subject,
      {
        take(change) {
          const shown = show(change);
          return shown === undefined || sink.send(encode(shown, change.position));
        },
        ended: () => sink.end(),
      },
      gone,
    );
    return {
      from: idOf(following.from),
      position: () => idOf(following.position()),
      resume: () => following.resume(),
      stop: () => following.stop(),
    };
  }

  return {
    watchTenants: async (request, sink) => open(await watches.watchTenants(request), request, sink),
    watchOperations: async (request, sink) => open(await watches.watchOperations(request), request, sink),
  };
}
