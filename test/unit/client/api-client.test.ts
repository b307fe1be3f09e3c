import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { createApiClient } from '../../../client/api-client.ts';
import type { ApiClient } from '../../../client/api-client.ts';

const problem = {
  type: '/problems/control_unavailable',
  code: 'control_unavailable',
  status: 503,
  title: 'Not now',
  detail: 'away',
  fix: 'wait',
  requestId: 'r',
};

/** Runs `work` with a client of an API that answers with `answer`. Returns the number of requests. */
async function against(
  answer: RequestListener,
  retryForMs: number,
  work: (client: ApiClient) => Promise<unknown>,
): Promise<number> {
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    answer(request, response);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  try {
    await work(
      createApiClient({
        server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        token: () => 'token',
        retryForMs,
      }),
    );
    return requests;
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const get = (client: ApiClient, signal?: AbortSignal) =>
  client.call('getTenant', { params: { name: 'acme' }, ...(signal === undefined ? {} : { signal }) });

/** A 503 with this Retry-After. */
const notNow =
  (retryAfter: string): RequestListener =>
  (_request, response) => {
    response
      .writeHead(503, { 'content-type': 'application/problem+json', 'retry-after': retryAfter })
      .end(JSON.stringify(problem));
  };

describe('a client that can retry', () => {
  const hour = 3_600_000;
  for (const [retryAfter, requests] of [
    ['3600', 1],
    [new Date(Date.now() + hour).toUTCString(), 1],
  ] as const) {
    it(`gives up at once if Retry-After is too late: ${retryAfter.length > 5 ? 'a date' : 'seconds'}`, async () => {
      assert.equal(
        await against(notNow(retryAfter), 500, (client) =>
          assert.rejects(get(client), { code: 'control_unavailable' }),
        ),
        requests,
      );
    });
  }

  for (const retryAfter of ['Wed, 21 Oct 2015 07:28:00 GMT', 'soon', '-1', '1e3']) {
    it(`backs off and gives up in time for any other Retry-After: ${retryAfter}`, async () => {
      const requests = await against(notNow(retryAfter), 400, (client) =>
        assert.rejects(get(client), { code: 'control_unavailable' }),
      );
      assert.ok(requests >= 2 && requests <= 8, `${requests} requests`);
    });
  }

  it('retries if the answer is truncated', async () => {
    const cut: RequestListener = (_request, response) => {
      response.writeHead(503, { 'content-type': 'application/problem+json', 'content-length': 1000 });
      response.write('{', () => response.destroy());
    };
    const requests = await against(cut, 400, (client) => assert.rejects(get(client), { name: 'ApiUnreachable' }));
    assert.ok(requests >= 2, `${requests} requests`);
  });

  it('continues for as long as an API that died may hold the idempotency key', async () => {
    let answered = 0;
    const inProgress: RequestListener = (_request, response) => {
      answered += 1;
      if (answered < 5)
        response
          .writeHead(409, { 'content-type': 'application/problem+json' })
          .end(JSON.stringify({ ...problem, code: 'idempotency_in_progress', status: 409 }));
      else response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    };
    assert.equal(
      await against(inProgress, 1, (client) =>
        client.call('holdTenant', { params: { name: 'acme' }, body: { reason: 'x' }, ifMatch: '*' }),
      ),
      5,
    );
  });

  it('stops with the reason of the signal, also between two requests', async () => {
    const reason = new Error('enough');
    const stop = new AbortController();
    const answer: RequestListener = (request, response) => {
      response.once('close', () => setImmediate(() => stop.abort(reason)));
      notNow('1')(request, response);
    };
    await against(answer, 60_000, (client) => assert.rejects(get(client, stop.signal), reason));
  });
});
