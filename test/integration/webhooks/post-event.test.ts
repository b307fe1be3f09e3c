import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { Agent } from 'undici';
import { createAddressGuard } from '../../../engines/webhooks/address-guard.ts';
import { createGuardedAgent } from '../../../engines/webhooks/guarded-agent.ts';
import { postEvent } from '../../../engines/webhooks/post-event.ts';
import type { PostResult } from '../../../engines/webhooks/post-event.ts';

let server: Server;
let agent: Agent;
let respond: (response: ServerResponse) => void = (response) => response.end();
let hits = 0;

before(async () => {
  server = createServer((request, response) => {
    hits += 1;
    request.resume();
    respond(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  agent = createGuardedAgent(createAddressGuard(['127.0.0.0/8']));
});
after(async () => {
  await agent.destroy();
  server.closeAllConnections();
  server.close();
});

const never = new AbortController().signal;

function post(timeoutMs = 5_000, path = '/hooks'): Promise<PostResult> {
  const { port } = server.address() as AddressInfo;
  return postEvent(
    { url: `http://127.0.0.1:${port}${path}`, headers: { 'webhook-id': 'x' }, body: Buffer.from('{}') },
    { agent, timeoutMs, signal: never },
  );
}

const chunk = Buffer.alloc(64 * 1024, 'x');

/** Writes without an end; returns how much was taken. */
function endless(response: ServerResponse): () => number {
  let bytes = 0;
  const write = (): void => {
    while (!response.destroyed && response.write(chunk)) bytes += chunk.length;
  };
  response.on('drain', write).on('error', () => undefined);
  write();
  return () => bytes;
}

describe('what a receiver answers', () => {
  for (const [status, outcome] of [
    [200, 'delivered'],
    [202, 'delivered'],
    [204, 'delivered'],
    [301, 'redirected'],
    [307, 'redirected'],
    [400, 'refused'],
    [410, 'refused'],
    [429, 'refused'],
    [500, 'refused'],
  ] as const)
    it(`${status} is ${outcome}`, async () => {
      respond = (response) => response.writeHead(status).end('what happened');
      const result = await post();
      assert.deepEqual([result.outcome, result.status], [outcome, status]);
    });

  it('a redirect is not followed', async () => {
    const before = hits;
    respond = (response) => response.writeHead(302, { location: '/elsewhere' }).end();
    const { outcome, detail } = await post();
    assert.equal(outcome, 'redirected');
    assert.match(detail ?? '', /elsewhere/);
    assert.equal(hits, before + 1);
  });

  it('Retry-After is read', async () => {
    respond = (response) => response.writeHead(503, { 'retry-after': '120' }).end();
    assert.equal((await post()).retryAfterMs, 120_000);
  });

  it('an excerpt is kept, without control characters', async () => {
    respond = (response) => response.writeHead(500).end(`\u001b[31mno\u0000 ${'y'.repeat(5_000)}`);
    const { excerpt = '' } = await post();
    assert.ok(excerpt.length <= 1_024);
    assert.match(excerpt, /^\[31mno +y+$/);
  });

  it('a response without an end is success by its status, and little of it is read', async () => {
    let taken = (): number => 0;
    respond = (response) => {
      response.writeHead(200);
      taken = endless(response);
    };
    assert.equal((await post()).outcome, 'delivered');
    assert.ok(taken() < 32 * 1024 * 1024, `${taken()} bytes`);
  });

  it('a response that comes byte by byte does not hold the delivery up', async () => {
    respond = (response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write('.'), 50);
      response.on('close', () => clearInterval(timer));
    };
    const began = performance.now();
    assert.equal((await post()).outcome, 'delivered');
    assert.ok(performance.now() - began < 4_000);
  });

  it('silence is a time-out', async () => {
    respond = () => undefined;
    const { outcome, fault } = await post(300);
    assert.deepEqual([outcome, fault], ['timed_out', 'receiver']);
  });

  it('headers that are too large are a failure', async () => {
    respond = (response) => response.writeHead(200, { big: 'x'.repeat(40_000) }).end();
    assert.notEqual((await post()).outcome, 'delivered');
  });

  it('a closed connection is a failure', async () => {
    respond = (response) => response.destroy();
    assert.equal((await post()).outcome, 'connection_failed');
  });
});

describe('an attempt', () => {
  it('that is called off throws the reason', async () => {
    respond = () => undefined;
    const stop = new AbortController();
    const { port } = server.address() as AddressInfo;
    const made = postEvent(
      { url: `http://127.0.0.1:${port}/`, headers: {}, body: Buffer.from('{}') },
      { agent, timeoutMs: 5_000, signal: stop.signal },
    );
    stop.abort(new Error('enough'));
    await assert.rejects(made, /enough/);
  });

  it('to a port where nobody listens fails', async () => {
    const result = await postEvent(
      { url: 'http://127.0.0.1:1/', headers: {}, body: Buffer.from('{}') },
      { agent, timeoutMs: 5_000, signal: never },
    );
    assert.deepEqual([result.outcome, result.fault], ['connection_failed', 'receiver']);
  });

  it('to https where http is spoken fails by its TLS', async () => {
    respond = (response) => response.end();
    const { port } = server.address() as AddressInfo;
    const { outcome } = await postEvent(
      { url: `https://127.0.0.1:${port}/`, headers: {}, body: Buffer.from('{}') },
      { agent, timeoutMs: 5_000, signal: never },
    );
    assert.equal(outcome, 'tls_failed');
  });
});
