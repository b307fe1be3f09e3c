import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { RequestHandler, Response, Router } from 'express';
import express from 'express';
import helmet from 'helmet';
import { TenureError } from '../../domain/tenure-error.ts';
import { readVersion } from '../../platform/version.ts';
import { refuseMethod } from '../routing.ts';
import {
  describedProblem,
  describedProblems,
  problemCodeOf,
  problemPage,
  problemPagePolicy,
  problemsPage,
} from './problem-pages.ts';

/**
 * Serves a file that does not change while the process runs; it is read once, when this function is called. The ETag is
 * derived from its bytes, so it is the same in every process; caches revalidate each time. It is weak, because the
 * response may be compressed.
 * @throws Error if the file cannot be read
 */
function servedFile(path: URL, type: string): RequestHandler {
  const content = readFileSync(path);
  const etag = `W/"${createHash('sha256').update(content).digest('base64url')}"`;
  return (_request, response) => {
    response.set({ 'content-type': type, etag, 'cache-control': 'no-cache' }).send(content);
  };
}

const swaggerUi = (name: string): URL => new URL(name, import.meta.resolve('swagger-ui-dist/package.json'));
const pageFile = (name: string): URL => new URL(`page/${name}`, import.meta.url);

/**
 * Without upgrade-insecure-requests: over plain http, it would make browsers load the assets from an https address that
 * may not exist.
 */
function policy(directives: Record<string, string[]>): RequestHandler {
  return helmet.contentSecurityPolicy({ useDefaults: false, directives });
}

const documentPolicy = policy({
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'", 'data:'],
  connectSrc: ["'self'"],
  frameAncestors: ["'none'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
});

const entryPoint = {
  documentation: '/docs',
  openapi: '/openapi.json',
  problems: '/problems',
  health: '/readyz',
  version: readVersion(),
};

/** HTML for clients that prefer it, such as browsers; JSON for all others. */
function sendHtmlOrJson(response: Response, json: () => object, html: () => string): void {
  const asJson = (): void => {
    response.json(json());
  };
  response.format({ 'application/json': asJson, 'text/html': () => response.send(html()), default: asJson });
}

/**
 * The public documentation of the API: the OpenAPI document, a page that shows it, and a page for each problem, to
 * which the `type` of a problem document points. It loads nothing from other hosts.
 */
export function documentation(): Router {
  const router = express.Router({ caseSensitive: true, strict: true });

  function serve(path: string, ...handlers: readonly RequestHandler[]): void {
    const setRoute: RequestHandler = (_request, response, next) => {
      response.locals['route'] = path;
      next();
    };
    router.get(path, setRoute, ...handlers);
    router.all(path, setRoute, refuseMethod(['GET', 'HEAD']));
  }

  // An entry point for readers who know only the address.
  serve('/', (_request, response) => {
    response.format({
      'application/json': () => void response.json(entryPoint),
      'text/html': () => response.redirect('docs'),
      default: () => void response.json(entryPoint),
    });
  });

  serve(
    '/openapi.json',
    servedFile(new URL('../../contracts/generated/openapi.json', import.meta.url), 'application/json; charset=utf-8'),
  );

  serve('/docs', documentPolicy, servedFile(pageFile('index.html'), 'text/html; charset=utf-8'));
  serve('/docs/', (_request, response) => response.redirect(308, '../docs'));
  serve('/docs/start.js', servedFile(pageFile('start.js'), 'text/javascript; charset=utf-8'));
  serve('/docs/page.css', servedFile(pageFile('page.css'), 'text/css; charset=utf-8'));
  serve('/docs/swagger-ui.css', servedFile(swaggerUi('swagger-ui.css'), 'text/css; charset=utf-8'));
  serve('/docs/swagger-ui-bundle.js', servedFile(swaggerUi('swagger-ui-bundle.js'), 'text/javascript; charset=utf-8'));
  serve('/docs/favicon-32x32.png', servedFile(swaggerUi('favicon-32x32.png'), 'image/png'));

  serve('/problems', policy(problemPagePolicy), (_request, response) =>
    sendHtmlOrJson(response, describedProblems, problemsPage),
  );
  serve('/problems/:code', policy(problemPagePolicy), (request, response) => {
    const code = problemCodeOf(String(request.params['code']));
    if (code === undefined) throw new TenureError('not_found', 'the catalogue has no problem with this code');
    sendHtmlOrJson(
      response,
      () => describedProblem(code),
      () => problemPage(code),
    );
  });
  return router;
}
