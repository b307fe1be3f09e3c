import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Problem } from '../contracts/problem-document.ts';
import { routes } from '../contracts/routes.ts';
import type { RouteAnswer, RouteBodyInput, RouteId, RouteParams, RouteQueryInput } from '../contracts/routes.ts';
import type { RouteContract } from '../contracts/routes/route-contract.ts';
import { streams } from '../contracts/streams.ts';
import type { StreamContract, StreamId, StreamQuery } from '../contracts/streams.ts';
import { ApiError, ApiUnreachable, redirection } from './api-error.ts';
import { readEvents } from './event-stream.ts';
import type { StreamedEvent } from './event-stream.ts';
import { pause } from './pause.ts';

export interface ApiClientOptions {
  /** Base URL of the API, such as `http://127.0.0.1:8080`. */
  readonly server: string;
  /** Returns the token. It is called before every request, so the token can be renewed. */
  readonly token: () => string | Promise<string>;
  /**
   * How long to retry after responses 429 and 503 and lost connections. Default 15 s; at least 35 s while a request
   * with the same idempotency key is in progress.
   */
  readonly retryForMs?: number;
  /** Sent with every request, to find related requests in logs and ledger. */
  readonly correlationId?: string;
}

export interface ApiCall<Id extends RouteId> {
  readonly params?: RouteParams<Id>;
  readonly query?: RouteQueryInput<Id>;
  readonly body?: RouteBodyInput<Id>;
  /** An ETag as it was read, or `*`. */
  readonly ifMatch?: string;
  readonly ifNoneMatch?: '*';
  /** Default: a random key, if the route accepts one. */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
}

export interface ApiAnswer<Id extends RouteId> {
  readonly status: number;
  readonly body: RouteAnswer<Id>;
  readonly etag: string | undefined;
}

export interface StreamCall<Id extends StreamId> {
  readonly query?: StreamQuery<Id>;
  /** Resumes after the event with this id. Default: start now. */
  readonly lastEventId?: string;
  readonly signal?: AbortSignal;
}

/** A client of the API, typed by its route table. */
export interface ApiClient {
  readonly server: string;
  /**
   * Calls one route. Retries while the API returns 429 or 503 or cannot be reached; idempotency keys make this safe.
   * @throws ApiError for a problem, ApiUnreachable if there was no response
   */
  call<Id extends RouteId>(route: Id, call?: ApiCall<Id>): Promise<ApiAnswer<Id>>;
  /**
   * Opens a stream of events, which ends when the connection ends. It does not retry.
   * @throws ApiError for a problem, ApiUnreachable if there was no response
   */
  stream<Id extends StreamId>(stream: Id, call?: StreamCall<Id>): Promise<AsyncGenerator<StreamedEvent<Id>>>;
}

/** The fields of a problem document that this client requires. A newer API can add fields and codes. */
const readableProblem = z.looseObject({
  code: z.string(),
  status: z.int(),
  title: z.string(),
  detail: z.string(),
  fix: z.string(),
  requestId: z.string(),
});

const defaultRetryMs = 15_000;
/**
 * The API reserves a key for 30 s for the request that claimed it. If that request dies, a later one can use the key
 * after that.
 */
const claimedKeyMs = 35_000;
const firstDelayMs = 100;
const maxDelayMs = 2_000;
/** Longer than the longest wait that a route allows. */
const requestTimeoutMs = 75_000;

function pathOf(
  contract: { readonly path: string },
  params: Readonly<Record<string, string>>,
  query: Readonly<Record<string, string | number | undefined>>,
): string {
  const path = contract.path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => encodeURIComponent(params[name] ?? ''));
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) search.set(key, String(value));
  return search.size === 0 ? path : `${path}?${search.toString()}`;
}

/** The wait requested by the API or a proxy in front of it: seconds or a date (RFC 9110, 10.2.3). */
function retryAfterMs(response: Response): number {
  const value = response.headers.get('retry-after') ?? '0';
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? ms : 0;
}

export function createApiClient({
  server,
  token,
  retryForMs = defaultRetryMs,
  correlationId,
}: ApiClientOptions): ApiClient {
  const base = server.replace(/\/+$/, '');

  async function fetchOrThrow(url: string, init: RequestInit, caller: AbortSignal | undefined): Promise<Response> {
    try {
      return await fetch(url, { ...init, redirect: 'manual' });
    } catch (error) {
      if (caller?.aborted === true) throw error;
      throw new ApiUnreachable(base, error);
    }
  }

  function sendOnce(url: string, init: RequestInit & { readonly signal?: AbortSignal }): Promise<Response> {
    const timeout = AbortSignal.timeout(requestTimeoutMs);
    return fetchOrThrow(
      url,
      { ...init, signal: init.signal === undefined ? timeout : AbortSignal.any([init.signal, timeout]) },
      init.signal,
    );
  }

  const identity = async (): Promise<Record<string, string>> => ({
    authorization: `Bearer ${await token()}`,
    ...(correlationId === undefined ? {} : { 'x-correlation-id': correlationId }),
  });

  /** A body that is not JSON did not come from the API, or was truncated. */
  async function bodyOf(response: Response): Promise<unknown> {
    try {
      return await response.json();
    } catch (error) {
      throw new ApiUnreachable(base, new Error('the response is not from the API or was truncated', { cause: error }));
    }
  }

  async function failureOf(response: Response): Promise<ApiError | ApiUnreachable> {
    if (response.status >= 300 && response.status < 400)
      return new ApiUnreachable(base, redirection(response.headers.get('location')));
    try {
      return new ApiError(readableProblem.parse(await response.json()) as Problem);
    } catch {
      return new ApiUnreachable(base, new Error(`the response (status ${response.status}) is not from the API`));
    }
  }

  return {
    server: base,
    async call<Id extends RouteId>(
      route: Id,
      { params, query, body, ifMatch, ifNoneMatch, idempotencyKey, signal }: ApiCall<Id> = {},
    ): Promise<ApiAnswer<Id>> {
      const contract: RouteContract = routes[route];
      const key = idempotencyKey ?? (contract.idempotencyKey === 'none' ? undefined : randomUUID());
      const url = `${base}${pathOf(contract, { ...params }, { ...query })}`;
      const hasBody = contract.body !== undefined;
      let deadline = Date.now() + retryForMs;
      let isClaimed = false;
      for (let delayMs = firstDelayMs; ; delayMs = Math.min(delayMs * 2, maxDelayMs)) {
        let failure: ApiError | ApiUnreachable;
        let waitMs = delayMs * (0.5 + Math.random() / 2);
        try {
          const response = await sendOnce(url, {
            method: contract.method,
            headers: {
              accept: 'application/json, application/problem+json',
              ...(await identity()),
              ...(hasBody ? { 'content-type': 'application/json' } : {}),
              ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
              ...(ifNoneMatch === undefined ? {} : { 'if-none-match': ifNoneMatch }),
              ...(key === undefined ? {} : { 'idempotency-key': key }),
            },
            ...(hasBody ? { body: JSON.stringify(body ?? {}) } : {}),
            ...(signal === undefined ? {} : { signal }),
          });
          if (response.ok) {
            return {
              status: response.status,
              body: (await bodyOf(response)) as RouteAnswer<Id>,
              etag: response.headers.get('etag') ?? undefined,
            };
          }
          failure = await failureOf(response);
          const inProgress = failure instanceof ApiError && failure.code === 'idempotency_in_progress';
          if (response.status !== 503 && response.status !== 429 && !inProgress) throw failure;
          // Giving up earlier would leave the outcome unknown.
          if (inProgress && !isClaimed) deadline = Math.max(deadline, Date.now() + claimedKeyMs);
          isClaimed ||= inProgress;
          waitMs = Math.max(waitMs, retryAfterMs(response));
        } catch (error) {
          if (!(error instanceof ApiUnreachable) || !error.retryable) throw error;
          failure = error;
        }
        // Every request either has a key or changes nothing when repeated, so a retry is safe.
        if (Date.now() + waitMs > deadline) throw failure;
        await pause(waitMs, signal);
      }
    },
    async stream<Id extends StreamId>(
      stream: Id,
      { query, lastEventId, signal }: StreamCall<Id> = {},
    ): Promise<AsyncGenerator<StreamedEvent<Id>>> {
      const headers = {
        accept: 'text/event-stream, application/problem+json',
        ...(await identity()),
        ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
      };
      const contract: StreamContract = streams[stream];
      const response = await fetchOrThrow(
        `${base}${pathOf(contract, {}, { ...query })}`,
        { headers, ...(signal === undefined ? {} : { signal }) },
        signal,
      );
      if (!response.ok) throw await failureOf(response);
      return readEvents<Id>(response, new Set(Object.keys(contract.events)));
    },
  };
}
