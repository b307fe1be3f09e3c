import { performance } from 'node:perf_hooks';
import compression from 'compression';
import express from 'express';
import type { ErrorRequestHandler, Express, RequestHandler, Response } from 'express';
import helmet from 'helmet';
import { problems } from '../contracts/problems.ts';
import { TenureError } from '../domain/tenure-error.ts';
import { errorFields } from '../platform/logging.ts';
import type { Logger } from '../platform/logging.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Readiness } from '../platform/ops-server.ts';
import { InvalidToken } from './authentication.ts';
import { documentation } from './documentation/documentation.ts';
import { asTenureError, problemReply } from './problem-reply.ts';
import { assignRequestIds, requestIds } from './request-ids.ts';
import { bindRoutes } from './route-binding.ts';
import type { RouteBindingDependencies } from './route-binding.ts';
import { bindStreams } from './watch/stream-binding.ts';
import type { StreamBindingDependencies } from './watch/stream-binding.ts';

export interface AppDependencies extends RouteBindingDependencies, StreamBindingDependencies {
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'requests' | 'openWatches'>;
  readonly readiness: () => Promise<Readiness>;
  readonly stopping: AbortSignal;
}

/**
 * Responses are data: nothing in them may be loaded, executed or framed. helmet's default policy is for pages, and
 * makes browsers upgrade http to https; that decision belongs to the proxy that terminates TLS.
 */
const answersOnly = { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } };

/** The HTTP application. It is thin: every response comes from the route table or the problem catalogue. */
export function createApp({ logger, metrics, readiness, stopping, ...routing }: AppDependencies): Express {
  const app = express();
  app.disable('x-powered-by').set('etag', false).set('query parser', 'simple');
  app.use(helmet({ contentSecurityPolicy: answersOnly }));
  app.use((request, response, next) => {
    // Some clients and proxies encode the colon. In a path, both forms are equivalent (RFC 3986, 6.2.2).
    const [path = '', ...query] = request.url.split('?');
    if (path.includes('%3')) request.url = [path.replaceAll(/%3a/gi, ':'), ...query].join('?');
    if (stopping.aborted) response.set('connection', 'close');
    next();
  });
  app.use(assignRequestIds);
  app.use(observe(logger, metrics));
  // Responses with no-transform are not compressed: streams, which would be delayed, and credentials (BREACH).
  app.use(compression());
  app.get('/livez', (_request, response) => {
    response.type('text/plain').send('ok\n');
  });
  app.get('/readyz', async (_request, response) => {
    const state = await readiness();
    response.status(state.ready ? 200 : 503).json(state);
  });
  app.use(documentation());
  app.use(bindStreams({ ...routing, metrics }));
  app.use(bindRoutes(routing));
  app.use((request) => {
    throw new TenureError('route_not_found', `${request.method} ${request.path} is not a route`);
  });
  app.use(answerErrors(logger));
  return app;
}

/** In logs and metrics: the caller disconnected before the response. The same status as in nginx. */
const abortedStatus = 499;

function observe(logger: Logger, metrics: Pick<Metrics, 'requests'>): RequestHandler {
  return (request, response, next) => {
    const began = performance.now();
    response.once('close', () => {
      const durationMs = performance.now() - began;
      const route: string = response.locals['route'] ?? 'other';
      // The caller ends a stream, so its duration says nothing about response times.
      const isAborted = !response.writableFinished && !isStream(response);
      const status = isAborted ? abortedStatus : response.statusCode;
      if (!isStream(response)) metrics.requests.observe({ method: request.method, route, status }, durationMs / 1000);
      // Successful reads change nothing and are very frequent.
      const level = request.method === 'GET' && status < 400 ? 'debug' : 'info';
      logger[level](isAborted ? 'request aborted by its caller' : 'request', {
        ...requestIds(response),
        method: request.method,
        route,
        status,
        durationMs: Math.round(durationMs * 10) / 10,
      });
    });
    next();
  };
}

function isStream(response: Response): boolean {
  return String(response.getHeader('content-type')).startsWith('text/event-stream');
}

function answerErrors(logger: Logger): ErrorRequestHandler {
  return (thrown, _request, response, _next) => {
    const error = asTenureError(thrown);
    const { requestId, correlationId } = requestIds(response);
    if (problems[error.code].fault === 'system')
      logger.error('request failed', {
        requestId,
        correlationId,
        ...errorFields(error),
        ...(error.code === 'internal' ? errorFields(thrown) : {}),
        code: error.code,
      });
    // The operator needs to find out why callers are rejected.
    if (error instanceof InvalidToken)
      logger.info('a token was refused', { requestId, correlationId, ...errorFields(error) });
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const { status, headers, body } = problemReply(error, requestId);
    response.status(status).set(headers).end(JSON.stringify(body));
  };
}
