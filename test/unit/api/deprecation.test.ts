import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { it } from 'node:test';
import express from 'express';
import type { Authenticate } from '../../../api/authentication.ts';
import { deprecationHeaders } from '../../../api/routing.ts';
import { createShares } from '../../../api/shares/shares.ts';
import { bindRoutes } from '../../../api/route-binding.ts';
import type { RouteBindingDependencies } from '../../../api/route-binding.ts';
import { routes } from '../../../contracts/routes.ts';
import { TenureError } from '../../../domain/tenure-error.ts';

it('the headers of a deprecated route follow RFC 9745 and RFC 8594', () => {
  assert.deepEqual(
    deprecationHeaders({ since: '2026-11-21T00:00:00Z', sunset: '2027-11-21T00:00:00Z', fix: 'Use another.' }),
    {
      deprecation: '@1795219200',
      sunset: 'Sun, 21 Nov 2027 00:00:00 GMT',
      link: '</docs>; rel="deprecation"; type="text/html"',
    },
  );
});

it('the headers contain no sunset date until one is decided', () => {
  assert.equal('sunset' in deprecationHeaders({ since: '2026-11-21T00:00:00Z', fix: 'Use another.' }), false);
});

it('the headers are on every answer of the route, also on refusals, and on no other route', async () => {
  const table = {
    ...routes,
    getPlan: { ...routes.getPlan, deprecation: { since: '2026-11-21T00:00:00Z', fix: 'Use another.' } },
  };
  const refuseAll: Authenticate = async () => {
    throw new TenureError('unauthenticated', 'nobody');
  };
  const app = express().use(
    bindRoutes({
      table,
      authenticate: refuseAll,
      handlers: {},
      rehearsals: {},
      shares: createShares({ requestsPerCaller: 1, watchesPerCaller: 1, waitsPerCaller: 1 }),
    } as unknown as RouteBindingDependencies),
  );
  const server = app.listen(0, '127.0.0.1');
  try {
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const headerOf = async (path: string) =>
      (await fetch(`http://127.0.0.1:${port}${path}`)).headers.get('deprecation');
    assert.deepEqual([await headerOf('/v1/plans/startup'), await headerOf('/v1/plans')], ['@1795219200', null]);
  } finally {
    server.close();
  }
});
