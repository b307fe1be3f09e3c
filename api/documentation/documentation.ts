import express from 'express';
import type { RequestHandler, Response, Router } from 'express';
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
import { servedFile } from './served-file.ts';

const swaggerUi = (name: string): URL => new URL(name, import.meta.resolve('swagger-ui-dist/package.json'));
const own = (name: string): URL => new URL(`page/${name}`, import.meta.url);

/** Without upgrade-insecure-requests: the pages are read over plain http too, where that would have a browser ask for what is not there. */
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

const entrance = {
  documentation: '/docs',
  openapi: '/openapi.json',
  problems: '/problems',
  health: '/readyz',
  version: readVersion(),
};

/** HTML for those who prefer it, as browsers do; JSON for everything else. */
function inEitherForm(response: Response, json: () => object, html: () => string): void {
  const asJson = (): void => {
    response.json(json());
  };
  response.format({ 'application/json': asJson, 'text/html': () => response.send(html()), default: asJson });
}

/**
 * What people and programs read about the API, for everyone: the OpenAPI document, a page that shows it, and a page for each problem,
 * which is what the `type` of a problem document is the address of. Nothing in it asks another host.
 */
export function documentation(): Router {
  const router = express.Router({ caseSensitive: true, strict: true });

  function serve(path: string, ...handlers: readonly RequestHandler[]): void {
    const named: RequestHandler = (_request, response, next) => {
      response.locals['route'] = path;
      next();
    };
    router.get(path, named, ...handlers);
    router.all(path, named, refuseMethod(['GET', 'HEAD']));
  }

  // Whoever has nothing but the address is led on.
  serve('/', (_request, response) => {
    response.format({
      'application/json': () => void response.json(entrance),
      'text/html': () => response.redirect('docs'),
      default: () => void response.json(entrance),
    });
  });

  serve(
    '/openapi.json',
    servedFile(new URL('../../contracts/generated/openapi.json', import.meta.url), 'application/json; charset=utf-8'),
  );

  serve('/docs', documentPolicy, servedFile(own('index.html'), 'text/html; charset=utf-8'));
  serve('/docs/', (_request, response) => response.redirect(308, '../docs'));
  serve('/docs/start.js', servedFile(own('start.js'), 'text/javascript; charset=utf-8'));
  serve('/docs/page.css', servedFile(own('page.css'), 'text/css; charset=utf-8'));
  serve('/docs/swagger-ui.css', servedFile(swaggerUi('swagger-ui.css'), 'text/css; charset=utf-8'));
  serve('/docs/swagger-ui-bundle.js', servedFile(swaggerUi('swagger-ui-bundle.js'), 'text/javascript; charset=utf-8'));
  serve('/docs/favicon-32x32.png', servedFile(swaggerUi('favicon-32x32.png'), 'image/png'));

  serve('/problems', policy(problemPagePolicy), (_request, response) =>
    inEitherForm(response, describedProblems, problemsPage),
  );
  serve('/problems/:code', policy(problemPagePolicy), (request, response) => {
    const code = problemCodeOf(String(request.params['code']));
    if (code === undefined) throw new TenureError('not_found', 'the catalogue has no problem of this code');
    inEitherForm(
      response,
      () => describedProblem(code),
      () => problemPage(code),
    );
  });
  return router;
}
