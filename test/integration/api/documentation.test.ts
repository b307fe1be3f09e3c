import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { problemSchema } from '../../../contracts/problem-document.ts';
import type { Problem } from '../../../contracts/problem-document.ts';
import { problemCodes, problems } from '../../../contracts/problems.ts';
import { exitCodes } from '../../../contracts/problem-type.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { startInstallation } from '../../harness/installation.ts';
import type { Installation } from '../../harness/installation.ts';

let installation: Installation;
before(async () => {
  installation = await startInstallation(attachToStack(), { worker: false, awaitReady: false });
});
after(() => installation.stop());

const browser = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };

/** Without a token, because these pages are public. */
function read(
  path: string,
  {
    method = 'GET',
    headers = {},
  }: { readonly method?: string; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<Response> {
  return fetch(new URL(path, installation.server), { method, headers: { ...headers }, redirect: 'manual' });
}

/** The addresses that an HTML page or a style sheet loads. */
function assetsOf(text: string): string[] {
  return [
    ...text.matchAll(
      /(?:<(?:script|img|iframe)[^>]*\ssrc|<link[^>]*\shref)="([^"]+)"|url\(["']?([^"')]+)["']?\)|@import\s+["']([^"']+)["']/g,
    ),
  ].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

describe('the OpenAPI document', () => {
  it('is served as committed, and is sent again only after a change', async () => {
    const answer = await read('/openapi.json');
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('content-type'), 'application/json; charset=utf-8');
    assert.ok(
      (await answer.text()) ===
        readFileSync(new URL('../../../contracts/generated/openapi.json', import.meta.url), 'utf8'),
    );
    const etag = answer.headers.get('etag') ?? '';
    assert.match(etag, /^W\/"[\w-]{43}"$/);
    assert.equal(answer.headers.get('cache-control'), 'no-cache');
    // By default, fetch sends no-cache with If-None-Match, which requests the whole document.
    const asked = (tag: string): Promise<Response> =>
      read('/openapi.json', { headers: { 'if-none-match': tag, 'cache-control': 'max-age=0' } });
    const unchanged = await asked(etag);
    assert.deepEqual(
      [unchanged.status, unchanged.headers.get('etag'), (await unchanged.text()).length],
      [304, etag, 0],
    );
    assert.equal((await asked('"of-another"')).status, 200);
  });
});

describe('the root address', () => {
  it('redirects a browser to the documentation page, and lists the addresses for a program', async () => {
    const page = await read('/', { headers: browser });
    assert.equal(page.status, 302);
    assert.equal(
      (await read(new URL(page.headers.get('location') ?? '', `${installation.server}/`).pathname)).status,
      200,
    );
    for (const accept of ['*/*', 'application/json']) {
      const answer = await read('/', { headers: { accept } });
      assert.equal(answer.status, 200);
      const { version, ...places } = (await answer.json()) as Record<string, string>;
      assert.match(version ?? '', /^\d+\.\d+\.\d+/);
      for (const place of Object.values(places)) assert.ok([200, 503].includes((await read(place)).status), place);
    }
    assert.equal((await read('/', { method: 'POST' })).status, 405);
  });
});

describe('the documentation page', () => {
  it('loads only files from the same server, and its policy allows nothing else', async () => {
    const page = await read('/docs');
    assert.equal(page.headers.get('content-type'), 'text/html; charset=utf-8');
    const policy = page.headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /script-src 'self'(;|$)/);
    assert.doesNotMatch(policy, /unsafe|\*|https?:|upgrade-insecure-requests/);
    const html = await page.text();
    assert.doesNotMatch(html, /<script(?![^>]*\ssrc=)|\son\w+=|<style/, 'nothing inline: the policy would block it');

    const assets = assetsOf(html).map((asset) => new URL(asset, `${installation.server}/docs`));
    assert.ok(assets.length >= 5, html);
    for (const asset of assets) {
      assert.equal(asset.origin, installation.server, asset.href);
      const answer = await read(asset.pathname);
      assert.equal(answer.status, 200, asset.href);
      assert.match(
        answer.headers.get('content-type') ?? '',
        asset.pathname.endsWith('.js')
          ? /^text\/javascript/
          : asset.pathname.endsWith('.css')
            ? /^text\/css/
            : /^image\/png$/,
      );
      const text = await answer.text();
      if (!asset.pathname.endsWith('.css')) continue;
      for (const named of assetsOf(text)) assert.match(named, /^data:/, `${asset.pathname} loads ${named}`);
    }
    assert.match(await (await read('/docs/start.js')).text(), /url: 'openapi\.json'[\s\S]*validatorUrl: null/);
  });

  it('is also found with a trailing slash', async () => {
    const answer = await read('/docs/');
    assert.equal(
      new URL(answer.headers.get('location') ?? '', `${installation.server}/docs/`).href,
      `${installation.server}/docs`,
    );
  });
});

describe('the address in the type of a problem', () => {
  it('gives a program the catalogue entry of each code', async () => {
    const listed = (await (await read('/problems')).json()) as { items: { code: string }[] };
    assert.deepEqual(
      listed.items.map(({ code }) => code),
      problemCodes,
    );
    for (const [index, code] of problemCodes.entries()) {
      const answer = await read(`/problems/${code}`);
      assert.equal(answer.status, 200, code);
      assert.match(answer.headers.get('content-type') ?? '', /^application\/json/);
      const body: unknown = await answer.json();
      assert.deepEqual(body, {
        type: `/problems/${code}`,
        code,
        ...problems[code],
        exitCode: exitCodes[problems[code].exit],
      });
      assert.deepEqual(body, listed.items[index]);
    }
  });

  it('shows people a page without scripts for each code, and the list links to each', async () => {
    const list = await (await read('/problems', { headers: browser })).text();
    assert.deepEqual(
      [...list.matchAll(/href="problems\/(\w+)"/g)].map((match) => match[1]),
      problemCodes,
    );
    for (const code of problemCodes) {
      const answer = await read(`/problems/${code}`, { headers: browser });
      assert.match(answer.headers.get('content-type') ?? '', /^text\/html/);
      assert.match(answer.headers.get('content-security-policy') ?? '', /^default-src 'none';style-src 'sha256-[^']+'/);
      assert.match(answer.headers.get('vary') ?? '', /\bAccept\b/);
      const html = await answer.text();
      assert.doesNotMatch(html, /<script/);
      const said = html
        .replaceAll('&quot;', '"')
        .replaceAll('&lt;', '<')
        .replaceAll('&gt;', '>')
        .replaceAll('&amp;', '&');
      for (const fact of [code, problems[code].title, problems[code].fix, String(problems[code].status)])
        assert.ok(said.includes(fact), `${code}: ${fact}`);
    }
  });

  it('describes a refusal with the same code, title and fix', async () => {
    const refusal = (await (await read('/v1/tenants')).json()) as Problem;
    const described = (await (await read(refusal.type)).json()) as Problem;
    assert.deepEqual([described.code, described.title, described.fix], [refusal.code, refusal.title, refusal.fix]);
  });

  it('answers with a problem for a code that is not in the catalogue', async () => {
    for (const code of ['no_such_code', 'constructor', '__proto__', 'not_found%00', 'NOT_FOUND']) {
      const answer = await read(`/problems/${code}`, { headers: browser });
      assert.equal(answer.status, 404, code);
      assert.equal(problemSchema.parse(await answer.json()).code, 'not_found');
    }
  });
});

describe('every page', () => {
  for (const path of ['/openapi.json', '/docs', '/docs/swagger-ui-bundle.js', '/problems', '/problems/not_found']) {
    it(`${path} answers HEAD with the same headers and no body, and refuses other methods`, async () => {
      const headers = { 'accept-encoding': 'identity' };
      const [whole, head] = [await read(path, { headers }), await read(path, { method: 'HEAD', headers })];
      assert.equal(head.status, 200);
      for (const header of ['content-type', 'content-length', 'etag'])
        assert.equal(head.headers.get(header), whole.headers.get(header), header);
      assert.equal(await head.text(), '');
      const refused = await read(path, { method: 'POST' });
      assert.deepEqual(
        [refused.status, refused.headers.get('allow'), problemSchema.parse(await refused.json()).code],
        [405, 'GET, HEAD', 'method_not_allowed'],
      );
    });
  }

  it('and every answer of the API have a policy that does not upgrade http to https', async () => {
    for (const path of ['/docs', '/problems/not_found', '/v1/tenants', '/livez'])
      assert.doesNotMatch(
        (await read(path)).headers.get('content-security-policy') ?? 'missing',
        /upgrade-insecure-requests|missing/,
        path,
      );
  });
});
