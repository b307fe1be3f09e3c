import { randomUUID } from 'node:crypto';
import express from 'express';
import type { Request, RequestHandler, Response, Router } from 'express';
import { canonicalDigest } from '../contracts/canonical-json.ts';
import { routes } from '../contracts/routes.ts';
import type { RouteContract, RouteId } from '../contracts/routes.ts';
import { TenureError } from '../domain/tenure-error.ts';
import type { Caller } from '../engines/registry/caller.ts';
import { withLogContext } from '../platform/log-context.ts';
import type { StoredAnswer } from '../store/documents.ts';
import type { IdempotencyStore, IdempotentRequest } from '../store/idempotency.ts';
import type { Authenticate, Authenticated } from './authentication.ts';
import { readPreferredWait } from './await-outcome.ts';
import type { AwaitOutcome } from './await-outcome.ts';
import { cacheable } from './caching.ts';
import { deprecationHeaders } from './deprecation.ts';
import { lostInParsing } from './json-source.ts';
import { refuseMethod } from './refuse-method.ts';
import type { GuardReplay } from './replay-guard.ts';
import type { RouteHandler, RouteHandlers } from './reply.ts';
import { requestIds } from './request-ids.ts';
import { parsePart, readIdempotencyKey, readPrecondition } from './request-parsing.ts';
import { expressPath } from './route-path.ts';
import { storedAnswer } from './stored-answer.ts';

const jsonLimit = '1mb';

export interface RouteBindingDependencies {
  readonly handlers: RouteHandlers;
  /** The same handlers, of which nothing stays: for requests with `dryRun=true`. */
  readonly rehearsals: RouteHandlers;
  readonly awaitOutcome: AwaitOutcome;
  readonly authenticate: Authenticate;
  readonly idempotency: IdempotencyStore;
  readonly guardReplay: GuardReplay;
  /** The table that is bound; another one than the contract's in tests only. */
  readonly table?: Readonly<Record<RouteId, RouteContract>>;
}

function send(response: Response, { status, headers, body }: StoredAnswer): void {
  response.status(status).set({ ...(body === '' ? {} : { 'content-type': 'application/json; charset=utf-8' }), ...headers }).end(body);
}

function requireTakenBody(request: Request, { body }: RouteContract): void {
  const hasBody = request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
  // Whoever sends one means something by it.
  if (hasBody && body === undefined) throw new TenureError('request_invalid', 'this route takes no body');
  if (hasBody && request.is('application/json') === false) throw new TenureError('media_type_unsupported', `the body's type is ${request.headers['content-type'] ?? 'not said'}`);
  // The parser reads nothing from a connection that its caller has closed meanwhile: what was asked for is not known.
  if (hasBody && request.body === undefined) throw new TenureError('request_invalid', 'the connection was closed before the body was read; keep it open until the answer is there');
}

/** @throws TenureError media_type_unsupported, request_invalid */
function requireKeptWhenParsed(bytes: Buffer, charset: string): void {
  if (charset !== 'utf-8') throw new TenureError('media_type_unsupported', `the body is in ${charset}; JSON is UTF-8`);
  const errors = lostInParsing(bytes.toString('utf8'));
  if (errors.length > 0) throw new TenureError('request_invalid', `the body would not be kept as it was sent: ${errors.map(({ pointer, message }) => `${pointer} ${message}`).join('; ')}`, { errors });
}

function isDryRun(query: unknown): boolean {
  return typeof query === 'object' && query !== null && 'dryRun' in query && query.dryRun === 'true';
}

/** What would stand is there for nobody: it has no address, and no tag to change it by. */
function asRehearsed({ body }: StoredAnswer): StoredAnswer {
  return { status: 200, headers: {}, body };
}

/** Binds every route of the table: authenticate, validate, then the handler, which authorizes and acts. */
export function bindRoutes({ handlers, rehearsals, awaitOutcome, authenticate, idempotency, guardReplay, table = routes }: RouteBindingDependencies): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  const readJson = express.json({ limit: jsonLimit, strict: false, type: 'application/json', verify: (_request, _response, bytes, charset) => requireKeptWhenParsed(bytes, charset) });

  const authenticated: RequestHandler = async (request, response, next) => {
    response.locals['identity'] = await authenticate(request.headers.authorization);
    next();
  };

  function bind<Id extends RouteId>(contract: RouteContract, handler: RouteHandler<Id>, rehearsal: RouteHandler<Id>): RequestHandler {
    const doneStatus = Math.min(...Object.keys(contract.responses).map(Number));
    return async (request, response) => {
      const ids = requestIds(response);
      const { actor, expireTime }: Authenticated = response.locals['identity'];
      const caller: Caller = { actor, ...ids };
      requireTakenBody(request, contract);
      const params = parsePart('path', contract.params, request.params);
      const query = parsePart('query', contract.query, request.query);
      const body = contract.body === undefined ? undefined : parsePart('body', contract.body, request.body === undefined ? {} : request.body);
      // Elsewhere the headers are a cache's, and it is right to answer as if they were not there.
      const precondition = contract.precondition === 'none' ? undefined : readPrecondition(request.get('if-match'), request.get('if-none-match'));
      if (contract.precondition === 'required' && precondition === undefined) throw new TenureError('precondition_required', 'neither If-Match nor If-None-Match was sent');
      const isRehearsal = isDryRun(query);
      const sentKey = readIdempotencyKey(request.get('idempotency-key'), isRehearsal && contract.idempotencyKey === 'required' ? 'optional' : contract.idempotencyKey);
      // What changes nothing may be repeated without a key, and uses none up.
      const key = isRehearsal ? undefined : sentKey;
      const repeatable: IdempotentRequest | undefined =
        key === undefined
          ? undefined
          : { principal: caller.actor.subject, key, claim: randomUUID(), fingerprint: canonicalDigest([contract.method, request.path, query, request.body ?? null]) };

      const run = async (): Promise<StoredAnswer> => {
        // The contract's schemas made these; the table's own types say so.
        const parsed = { params, query, body, caller, expireTime, precondition, idempotency: repeatable } as Parameters<RouteHandler<Id>>[0];
        return isRehearsal ? asRehearsed(storedAnswer(await rehearsal(parsed))) : storedAnswer(await handler(parsed));
      };
      const answer = await withLogContext(ids, async () => (repeatable === undefined ? run() : underKey(repeatable, run, (kept) => guardReplay(caller, params, kept))));
      if (contract.method === 'GET') return send(response, cacheable(answer, request.get('if-none-match')));
      const seconds = readPreferredWait(request.get('prefer'));
      send(response, seconds === undefined ? answer : await awaitOutcome(answer, { seconds, doneStatus }));
    };
  }

  async function underKey(request: IdempotentRequest, run: () => Promise<StoredAnswer>, guard: (kept: StoredAnswer) => Promise<void>): Promise<StoredAnswer> {
    const kept = await idempotency.claim(request);
    if (kept !== undefined) {
      await guard(kept);
      return { ...kept, headers: { ...kept.headers, 'idempotency-replayed': 'true' } };
    }
    try {
      return await run();
    } finally {
      // What was committed has settled the key; anything else gives it back.
      await idempotency.release(request).catch(() => undefined);
    }
  }

  const ids = Object.keys(table) as RouteId[];
  // `{name}:verb` also fits the pattern of `{name}`, so verbs come first, each with the refusal of its other methods.
  const paths = [...new Set(ids.map((id) => table[id].path))].toSorted((a, b) => Number(b.includes('}:')) - Number(a.includes('}:')));
  for (const path of paths) {
    const allowed = new Set<string>();
    for (const id of ids.filter((candidate) => table[candidate].path === path)) {
      const contract = table[id];
      allowed.add(contract.method);
      if (contract.method === 'GET') allowed.add('HEAD');
      const method = contract.method.toLowerCase() as Lowercase<RouteContract['method']>;
      const named: RequestHandler = (_request, response, next) => {
        response.locals['route'] = contract.path;
        if (contract.deprecation !== undefined) response.set(deprecationHeaders(contract.deprecation));
        next();
      };
      router[method](expressPath(path), named, authenticated, ...(contract.body === undefined ? [] : [readJson]), bind(contract, handlers[id] as RouteHandler<typeof id>, rehearsals[id] as RouteHandler<typeof id>));
    }
    router.all(expressPath(path), refuseMethod([...allowed]));
  }
  return router;
}
