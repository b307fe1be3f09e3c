import { randomUUID } from 'node:crypto';
import express from 'express';
import type { RequestHandler, Response, Router } from 'express';
import { canonicalDigest } from '../contracts/canonical-json.ts';
import { routes } from '../contracts/routes.ts';
import type { RouteId } from '../contracts/routes.ts';
import type { RouteContract } from '../contracts/routes/route-contract.ts';
import { TenureError } from '../domain/tenure-error.ts';
import type { Caller } from '../engines/requests/caller.ts';
import { withLogContext } from '../platform/logging.ts';
import type { Transaction } from '../store/commit.ts';
import type { StoredAnswer } from '../store/kept-answers.ts';
import type { IdempotencyStore, IdempotentRequest } from '../store/idempotency.ts';
import type { Authenticate, Authenticated } from './authentication.ts';
import { readPreferredWait } from './await-outcome.ts';
import type { AwaitOutcome } from './await-outcome.ts';
import { cacheable, sentAnswer, storedAnswer } from './answers.ts';
import { deprecationHeaders, expressPath, refuseMethod } from './routing.ts';
import type { RefuseEarly } from './early-refusal.ts';
import type { LedgerGuard } from './ledger-guard.ts';
import type { GuardReplay } from './replay-guard.ts';
import type { RouteHandler, RouteHandlers } from './reply.ts';
import { requireConnected, abortedOnClose, createSender } from './sender.ts';
import { createBodyReader } from './request-body.ts';
import { requestIds } from './request-ids.ts';
import { parsePart, readIdempotencyKey, readPrecondition } from './request-parsing.ts';
import { takeShare } from './shares/shares.ts';
import type { Shares } from './shares/shares.ts';
import type { Keep, SentAnswer } from './answers.ts';

export interface RouteBindingDependencies {
  readonly handlers: RouteHandlers;
  /** The same handlers for requests with `dryRun=true`; they commit nothing. */
  readonly rehearsals: RouteHandlers;
  readonly awaitOutcome: AwaitOutcome;
  readonly authenticate: Authenticate;
  readonly refuseEarly: RefuseEarly;
  readonly shares: Shares;
  readonly idempotency: IdempotencyStore;
  readonly guardReplay: GuardReplay;
  readonly requireSequenced: LedgerGuard['requireSequenced'];
  /** The route table to bind. Only tests use one other than the contract's. */
  readonly table?: Readonly<Record<RouteId, RouteContract>>;
}

function isDryRun(query: unknown): boolean {
  return typeof query === 'object' && query !== null && 'dryRun' in query && query.dryRun === 'true';
}

/** The result of a dry run does not exist, so it has no location and no ETag. */
function asRehearsed({ body }: StoredAnswer): StoredAnswer {
  return { status: 200, headers: {}, body };
}

/**
 * The resource exists although If-None-Match requires that it does not (RFC 9110, 13.1.2). Errors with details are
 * flaws of the declaration.
 */
function asFailedPrecondition(error: unknown): unknown {
  if (!(error instanceof TenureError) || error.code !== 'already_exists' || error.errors.length > 0) return error;
  return new TenureError('precondition_failed', error.message, { cause: error });
}

/** Only what is read page by page can have an invalid position. */
function isList({ problems }: RouteContract): boolean {
  return problems.includes('page_token_invalid') || problems.includes('event_cursor_invalid');
}

/**
 * Binds every route of the table: authenticate, limit, deny early, validate, then call the handler, which authorizes
 * and acts.
 */
export function bindRoutes({
  handlers,
  rehearsals,
  awaitOutcome,
  authenticate,
  refuseEarly,
  idempotency,
  guardReplay,
  requireSequenced,
  shares,
  table = routes,
}: RouteBindingDependencies): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  const readBody = createBodyReader(shares);
  const send = createSender(shares);

  const authenticated: RequestHandler = async (request, response, next) => {
    const identity = await authenticate(request.headers.authorization);
    response.locals['identity'] = identity;
    response.once('close', takeShare(shares.requests, identity.actor.subject, 'requests in progress'));
    next();
  };

  function bind<Id extends RouteId>(
    contract: RouteContract,
    handler: RouteHandler<Id>,
    rehearsal: RouteHandler<Id>,
  ): RequestHandler {
    const doneStatus = Math.min(...Object.keys(contract.responses).map(Number));
    return async (request, response) => {
      const ids = requestIds(response);
      const { actor, expireTime }: Authenticated = response.locals['identity'];
      const caller: Caller = { actor, ...ids };
      const { subject } = actor;
      const params = parsePart('path', contract.params, request.params);
      const query = parsePart('query', contract.query, request.query);
      if (contract.body !== undefined) await refuseEarly(caller, contract.action, params);
      const read = await readBody(request, response, subject, contract);
      let answer: SentAnswer;
      try {
        const body =
          contract.body === undefined
            ? undefined
            : parsePart('body', contract.body, read.value === undefined ? {} : read.value);
        // On other routes, these headers come from caches and can be ignored.
        const precondition =
          contract.precondition === 'none'
            ? undefined
            : readPrecondition(request.get('if-match'), request.get('if-none-match'));
        if (contract.precondition === 'required' && precondition === undefined)
          throw new TenureError('precondition_required', 'If-Match or If-None-Match is required');
        const isRehearsal = isDryRun(query);
        const sentKey = readIdempotencyKey(
          request.get('idempotency-key'),
          isRehearsal && contract.idempotencyKey === 'required' ? 'optional' : contract.idempotencyKey,
        );
        // A dry run changes nothing, so it needs no key and must not use one up.
        const key = isRehearsal ? undefined : sentKey;
        const repeatable: IdempotentRequest | undefined =
          key === undefined
            ? undefined
            : {
                principal: subject,
                key,
                claim: randomUUID(),
                fingerprint: canonicalDigest([contract.method, request.path, query, read.value ?? null]),
              };

        let storedIn: Transaction | undefined;
        const keep: Keep = async (tx, reply) => {
          // Its caller may have repeated the request elsewhere, and have been refused: then nothing may change any more.
          requireConnected(response);
          if (repeatable === undefined) return;
          await idempotency.keep(tx, repeatable, storedAnswer(reply));
          storedIn = tx;
        };

        // These values were parsed with the schemas of the contract, which TypeScript cannot infer here.
        const parsed = { params, query, body, caller, expireTime, precondition, keep } as Parameters<
          RouteHandler<Id>
        >[0];
        const run = async (): Promise<StoredAnswer> =>
          isRehearsal ? asRehearsed(storedAnswer(await rehearsal(parsed))) : storedAnswer(await handler(parsed));
        if (contract.problems.includes('ledger_behind') && !isRehearsal) requireSequenced();
        requireConnected(response);
        answer = await withLogContext(ids, async () => {
          if (isList(contract)) return readList(response, subject, async () => sentAnswer(await handler(parsed)));
          return repeatable === undefined
            ? run()
            : withIdempotencyKey(repeatable, {
                run,
                isStored: () => storedIn?.isCommitted === true,
                guard: (stored) => guardReplay(caller, params, stored.about),
              });
        }).catch((error: unknown) => {
          throw precondition?.kind === 'absent' ? asFailedPrecondition(error) : error;
        });
      } finally {
        read.done();
      }
      if (contract.method === 'GET') return send(response, subject, cacheable(answer, request.get('if-none-match')));
      const seconds = readPreferredWait(request.get('prefer'));
      send(
        response,
        subject,
        seconds === undefined ? answer : await awaitOutcome(answer, { seconds, doneStatus, subject }),
      );
    };
  }

  async function readList(response: Response, subject: string, read: () => Promise<SentAnswer>): Promise<SentAnswer> {
    const gone = abortedOnClose(response);
    const done = await shares.pages.next(subject, 1, gone);
    try {
      requireConnected(response);
      return await read();
    } finally {
      done();
    }
  }

  /** Under one key, all successful answers are equal, whether or not the request changed anything. */
  async function withIdempotencyKey(
    request: IdempotentRequest,
    {
      run,
      isStored,
      guard,
    }: {
      readonly run: () => Promise<StoredAnswer>;
      /** Whether the answer was committed with a change. */
      readonly isStored: () => boolean;
      readonly guard: (stored: StoredAnswer) => Promise<void>;
    },
  ): Promise<StoredAnswer> {
    const stored = await idempotency.claim(request);
    if (stored !== undefined) {
      await guard(stored);
      return { ...stored, headers: { ...stored.headers, 'idempotency-replayed': 'true' } };
    }
    let answer: StoredAnswer;
    try {
      answer = await run();
    } catch (error) {
      // Releases the key unless the request has committed.
      await idempotency.release(request).catch(() => undefined);
      throw error;
    }
    if (!isStored()) await idempotency.keepUnchanged(request, answer);
    return answer;
  }

  const ids = Object.keys(table) as RouteId[];
  // `{name}:verb` also matches the pattern of `{name}`, so verbs come first, each with its own refusal of other
  // methods.
  const paths = [...new Set(ids.map((id) => table[id].path))].toSorted(
    (a, b) => Number(b.includes('}:')) - Number(a.includes('}:')),
  );
  for (const path of paths) {
    const allowed = new Set<string>();
    for (const id of ids.filter((candidate) => table[candidate].path === path)) {
      const contract = table[id];
      allowed.add(contract.method);
      if (contract.method === 'GET') allowed.add('HEAD');
      const method = contract.method.toLowerCase() as Lowercase<RouteContract['method']>;
      const setRoute: RequestHandler = (_request, response, next) => {
        response.locals['route'] = contract.path;
        if (contract.deprecation !== undefined) response.set(deprecationHeaders(contract.deprecation));
        next();
      };
      router[method](
        expressPath(path),
        setRoute,
        authenticated,
        bind(contract, handlers[id] as RouteHandler<typeof id>, rehearsals[id] as RouteHandler<typeof id>),
      );
    }
    router.all(expressPath(path), refuseMethod([...allowed]));
  }
  return router;
}
