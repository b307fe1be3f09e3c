import express from 'express';
import type { RequestHandler, Router } from 'express';
import { streams } from '../../contracts/streams.ts';
import type { StreamContract, StreamId } from '../../contracts/streams.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { Caller } from '../../engines/requests/caller.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Position } from '../../store/open-stream.ts';
import type { Authenticate } from '../authentication.ts';
import type { PageTokens } from '../page-token.ts';
import { expressPath, refuseMethod } from '../routing.ts';
import { abortedOnClose } from '../sender.ts';
import { requestIds } from '../request-ids.ts';
import { parsePart } from '../request-parsing.ts';
import { takeShare } from '../shares/shares.ts';
import type { Shares } from '../shares/shares.ts';
import type { ChangeHub } from './change-hub.ts';
import { encodeEvent, openEventStream } from './event-stream.ts';
import type { EventStream } from './event-stream.ts';
import type { Show, Shown, Watches } from './watches.ts';

export interface StreamBindingDependencies {
  readonly hub: ChangeHub;
  readonly watches: Watches;
  readonly authenticate: Authenticate;
  /** Seals positions, so that callers can neither forge them nor read data of others in them. */
  readonly pageTokens: PageTokens;
  readonly shares: Shares;
  readonly metrics: Pick<Metrics, 'openWatches'>;
  /** The time by which tokens expire. */
  readonly now: () => Date;
}

const bookmarkEveryMs = 15_000;
/** One list without a filter, so that a position is valid for every stream. */
const list = 'changes';

/** Binds the streams: authenticate, validate, authorize, then send every change that the caller may see. */
export function bindStreams({
  hub,
  watches,
  authenticate,
  pageTokens,
  shares,
  metrics: { openWatches },
  now,
}: StreamBindingDependencies): Router {
  const router = express.Router({ caseSensitive: true, strict: true });

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
    if (lastEventId === undefined || lastEventId === '') return undefined;
    try {
      return pageTokens.read(list, null, lastEventId);
    } catch (error) {
      throw new TenureError('watch_expired', 'Last-Event-ID was not issued by this installation', { cause: error });
    }
  }

  function bind(id: StreamId, contract: StreamContract): RequestHandler {
    // Each watch accepts the query of its own contract, which TypeScript cannot infer here.
    const watch = watches[id] as (request: { readonly query: unknown; readonly caller: Caller }) => Promise<Show>;
    return async (request, response) => {
      const { actor, expireTime } = await authenticate(request.headers.authorization);
      const query = parsePart('query', contract.query, request.query);
      const show = await watch({ query, caller: { actor, ...requestIds(response) } });

      const { subject } = actor;
      const giveBack = takeShare(shares.watches, subject, 'open watches');
      let stream: EventStream | undefined;
      let isEnded = false as boolean;
      try {
        const following = await hub.follow(
          readPosition(request.get('last-event-id')),
          subject,
          {
            take(change) {
              // Headers must be sent first.
              if (stream === undefined) return false;
              const shown = show(change);
              return shown === undefined || stream.send(encode(shown, change.position));
            },
            ended() {
              isEnded = true;
              stream?.end();
            },
          },
          abortedOnClose(response),
        );
        const bookmark = (position: Position): void =>
          void stream?.send(
            encodeEvent({ event: 'bookmark', data: JSON.stringify({ time: now().toISOString() }), id: idOf(position) }),
          );
        const bookmarks = setInterval(() => bookmark(following.position()), bookmarkEveryMs);
        // The token decides what the caller may see. When it expires, the caller must reconnect with a new one.
        const expiry = setTimeout(() => stream?.end(), Math.min(expireTime - now().getTime(), 2 ** 31 - 1));
        openWatches.inc();
        const closed = (): void => {
          clearInterval(bookmarks);
          clearTimeout(expiry);
          following.stop();
          openWatches.dec();
          giveBack();
        };
        if (response.destroyed) return closed();
        stream = openEventStream(response, {
          caller: subject,
          unread: shares.unread,
          room: () => following.resume(),
          closed,
        });
        bookmark(following.from);
        if (isEnded) stream.end();
        else following.resume();
      } catch (error) {
        giveBack();
        throw error;
      }
    };
  }

  for (const id of Object.keys(streams) as StreamId[]) {
    const contract: StreamContract = streams[id];
    const refuseOthers = refuseMethod(['GET']);
    // express also passes HEAD requests to a GET handler.
    const onlyGet: RequestHandler = (request, response, next) => {
      response.locals['route'] = contract.path;
      if (request.method === 'GET') next();
      else void refuseOthers(request, response, next);
    };
    router.all(expressPath(contract.path), onlyGet, bind(id, contract));
  }
  return router;
}
