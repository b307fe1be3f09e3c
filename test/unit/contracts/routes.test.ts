import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { z } from 'zod';
import { policyActions } from '../../../contracts/policy.ts';
import { problems } from '../../../contracts/problems.ts';
import { routes } from '../../../contracts/routes.ts';
import { commonProblems } from '../../../contracts/routes/route-contract.ts';
import type { RouteContract } from '../../../contracts/routes/route-contract.ts';
import { streams } from '../../../contracts/streams.ts';
import type { StreamContract } from '../../../contracts/streams.ts';

const table: [string, RouteContract][] = Object.entries(routes);

/** Checks every route, each in a test of its own. */
function eachRoute(guarantee: string, check: (route: RouteContract) => void): void {
  for (const [id, route] of table) it(`${id} ${guarantee}`, () => check(route));
}

describe('the route table', () => {
  it('gives each method and path to one route', () => {
    const places = table.map(([, { method, path }]) => `${method} ${path}`);
    assert.equal(new Set(places).size, places.length);
  });

  eachRoute('names only problems of the catalogue, each once, and none that every route has', (route) => {
    const named = [...commonProblems, ...route.problems];
    for (const code of named) assert.ok(Object.hasOwn(problems, code), code);
    assert.equal(new Set(named).size, named.length);
  });

  it('lets every change be refused while the ledger is behind, but no read, and no use of a tenant', () => {
    for (const [id, { method, problems: named }] of table)
      assert.equal(named.includes('ledger_behind'), method !== 'GET' && id !== 'openTenant', id);
  });

  eachRoute('asks policy about an action of the contract', ({ action }) => assert.ok(policyActions.includes(action)));

  eachRoute('takes exactly the parameters of its path', ({ path, params }) => {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    assert.deepEqual(Object.keys((params as z.ZodObject).shape), inPath);
  });

  eachRoute('refuses a query parameter that it does not know', ({ query }) => {
    assert.ok(!query.safeParse({ unheardOf: '1' }).success);
    const required = Object.entries((query as z.ZodObject).shape).filter(
      ([, field]) => !(field as z.ZodType).safeParse(undefined).success,
    );
    assert.ok(
      query.safeParse(
        Object.fromEntries(required.map(([name]) => [name, name === 'action' ? 'tenant.get' : 'startup'])),
      ).success,
    );
  });

  eachRoute('answers with 200, 201 or 202 and a body that has a schema', ({ responses }) => {
    const statuses = Object.keys(responses).map(Number);
    assert.ok(statuses.length > 0);
    for (const status of statuses) assert.ok([200, 201, 202].includes(status));
  });

  eachRoute(
    'changes nothing with GET: no body, no key, no precondition',
    ({ method, body, idempotencyKey, precondition }) => {
      if (method === 'GET') assert.deepEqual([body, idempotencyKey, precondition], [undefined, 'none', 'none']);
      else assert.equal(body === undefined, method === 'DELETE', 'of all changes, only a DELETE has no body');
    },
  );

  eachRoute(
    'has a problem for each header and part of a request that can be wrong',
    ({ path, query, body, idempotencyKey, precondition, problems: named }) => {
      const needs = [
        ...(path.includes('{') ? ['not_found'] : []),
        ...(body === undefined ? [] : ['body_too_large', 'media_type_unsupported']),
        ...(idempotencyKey === 'none' ? [] : ['idempotency_in_progress', 'idempotency_key_reused']),
        ...(idempotencyKey === 'required' ? ['idempotency_key_missing'] : []),
        ...(precondition === 'required' ? ['precondition_required', 'revision_stale'] : []),
        ...('pageToken' in (query as z.ZodObject).shape ? ['page_token_invalid'] : []),
      ];
      assert.deepEqual(
        needs.filter((code) => !(named as readonly string[]).includes(code)),
        [],
      );
    },
  );

  it('has the same page sizes for every list', () => {
    for (const [id, { query }] of table.filter(([route]) => route.startsWith('list'))) {
      assert.deepEqual(query.parse({}), { pageSize: 100 }, id);
      assert.deepEqual(query.parse({ pageSize: '500' }), { pageSize: 500 }, id);
      for (const pageSize of ['0', '501', '-1', '1.5', 'x', ''])
        assert.ok(!query.safeParse({ pageSize }).success, `${id}: ${pageSize}`);
      assert.ok(!query.safeParse({ pageToken: 'x'.repeat(513) }).success, id);
    }
  });
});

describe('the streams', () => {
  const streamTable: [string, StreamContract][] = Object.entries(streams);

  it('have unique paths and names', () => {
    const all = [...table, ...streamTable];
    assert.equal(new Set(all.map(([id]) => id)).size, all.length);
    assert.equal(new Set(all.map(([, { method, path }]) => `${method} ${path}`)).size, all.length);
  });

  for (const [id, { action, query, events, problems: named }] of streamTable) {
    it(`${id} asks policy, refuses unknown parameters, and has bookmarks`, () => {
      assert.ok(policyActions.includes(action));
      assert.deepEqual([query.safeParse({}).success, query.safeParse({ unheardOf: '1' }).success], [true, false]);
      assert.ok('bookmark' in events);
      for (const code of [...commonProblems, ...named]) assert.ok(Object.hasOwn(problems, code), code);
      assert.ok(named.includes('watch_expired') || named.includes('event_cursor_invalid'), 'a position can be refused');
    });
  }
});
