import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { it } from 'node:test';
import express from 'express';
import type { ErrorRequestHandler } from 'express';
import type { Authenticate } from '../../../api/authentication.ts';
import { assignRequestIds } from '../../../api/request-ids.ts';
import { bindRoutes } from '../../../api/route-binding.ts';
import type { RouteBindingDependencies } from '../../../api/route-binding.ts';
import { createShares } from '../../../api/shares/shares.ts';

it('does nothing for a request if its caller is gone before the body is read', async () => {
  const came = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  const end = Promise.withResolvers<unknown>();
  const authenticate: Authenticate = async () => {
    came.resolve();
    await gone.promise;
    return { actor: { subject: 'alice@example.com', roles: ['admin'] }, expireTime: Date.now() + 60_000 };
  };
  const done = async (): Promise<never> => {
    end.resolve('it was done');
    throw new Error('it was done');
  };
  const idempotency = { claim: done, release: done, keep: done };
  // Express recognizes an error handler by its four parameters.
  const ended: ErrorRequestHandler = (error, _request, response, _next) => {
    end.resolve(error);
    response.end();
  };
  const app = express()
    .use(assignRequestIds, (incoming, _response, next) => {
      incoming.socket.once('close', () => gone.resolve());
      next();
    })
    .use(
      bindRoutes({
        authenticate,
        refuseEarly: async () => undefined,
        shares: createShares({ requestsPerCaller: 10, watchesPerCaller: 1, waitsPerCaller: 1 }),
        idempotency,
        handlers: { resumeRollout: done },
        rehearsals: {},
      } as unknown as RouteBindingDependencies),
    )
    .use(ended);
  const server = app.listen(0, '127.0.0.1');
  try {
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const sent = request({
      port,
      host: '127.0.0.1',
      method: 'POST',
      path: '/v1/rollouts/01hzzzzzzzzzzzzzzzzzzzzza1:resume',
      headers: { 'content-type': 'application/json', 'idempotency-key': 'one' },
    });
    sent.on('error', () => undefined).end(JSON.stringify({ skipFailed: true }));
    await came.promise;
    sent.destroy();
    const error = await end.promise;
    assert.equal((error as { code?: string }).code, 'request_invalid', String(error));
  } finally {
    server.close();
  }
});
