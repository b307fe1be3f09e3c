import express from 'express';
import type { RequestHandler, Router } from 'express';
import { streams } from '../../contracts/streams.ts';
import type { StreamContract, StreamId } from '../../contracts/streams.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Authenticate } from '../authentication.ts';
import { expressPath, refuseMethod } from '../routing.ts';
import { abortedOnClose } from '../sender.ts';
import { requestIds } from '../request-ids.ts';
import { parsePart } from '../request-parsing.ts';
import { takeShare } from '../shares/shares.ts';
import type { Shares } from '../shares/shares.ts';
import { encodeEvent, openEventStream } from './event-stream.ts';
import type { EventStream } from './event-stream.ts';
import type { Sink, StreamRequest, StreamSource, StreamSources } from './stream-source.ts';

export interface StreamBindingDependencies {
  readonly sources: StreamSources;
  readonly authenticate: Authenticate;
  readonly shares: Shares;
  /** How many streams this process serves at once. */
  readonly maxStreams: number;
  readonly metrics: Pick<Metrics, 'openWatches'>;
  /** The time by which tokens expire. */
  readonly now: () => Date;
}

const bookmarkEveryMs = 15_000;

/** Binds the streams: authenticate, validate, authorize, then send everything that the caller may see. */
export function bindStreams({
  sources,
  authenticate,
  shares,
  maxStreams,
  metrics: { openWatches },
  now,
}: StreamBindingDependencies): Router {
  const router = express.Router({ caseSensitive: true, strict: true });

  let streamCount = 0;

  /** @throws TenureError too_many_requests, watch_unavailable */
  function takeStream(caller: string): () => void {
    const giveBack = takeShare(shares.watches, caller, 'open watches');
    if (streamCount >= maxStreams) {
      giveBack();
      throw new TenureError('watch_unavailable', `all ${maxStreams} watches of this process are in use`);
    }
    streamCount += 1;
    return () => {
      streamCount -= 1;
      giveBack();
    };
  }

  const bookmark = (id: string): Buffer =>
    encodeEvent({ event: 'bookmark', data: JSON.stringify({ time: now().toISOString() }), id });

  function bind(id: StreamId, contract: StreamContract): RequestHandler {
    // Each source accepts the query of its own contract, which TypeScript cannot infer here.
    const open = sources[id] as (
      request: Omit<StreamRequest<StreamId>, 'query'> & { readonly query: unknown },
      sink: Sink,
    ) => Promise<StreamSource>;
    return async (request, response) => {
      const { actor, expireTime } = await authenticate(request.headers.authorization);
      const { subject } = actor;
      const query = parsePart('query', contract.query, request.query);
      const lastEventId = request.get('last-event-id');
      let stream: EventStream | undefined;
      let isEnded = false as boolean;
      const sink: Sink = {
        // Headers must be sent first.
        send: (event) => stream?.send(event) ?? false,
        end() {
          isEnded = true;
          stream?.end();
        },
      };
      const giveBack = takeStream(subject);
      try {
        const source = await open(
          {
            query,
            caller: { actor, ...requestIds(response) },
            lastEventId: lastEventId === '' ? undefined : lastEventId,
            gone: abortedOnClose(response),
          },
          sink,
        );
        const bookmarks = setInterval(() => stream?.send(bookmark(source.position())), bookmarkEveryMs);
        // The token decides what the caller may see. When it expires, the caller must reconnect with a new one.
        const expiry = setTimeout(() => stream?.end(), Math.min(expireTime - now().getTime(), 2 ** 31 - 1));
        openWatches.inc();
        const closed = (): void => {
          clearInterval(bookmarks);
          clearTimeout(expiry);
          source.stop();
          openWatches.dec();
          giveBack();
        };
        if (response.destroyed) return closed();
        stream = openEventStream(response, {
          caller: subject,
          unread: shares.unread,
          room: () => source.resume(),
          closed,
        });
        stream.send(bookmark(source.from));
        if (isEnded) stream.end();
        else source.resume();
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
