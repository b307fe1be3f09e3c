import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { Agent } from 'undici';
import { createAddressGuard } from '../../../engines/webhooks/address-guard.ts';
import { createGuardedAgent } from '../../../engines/webhooks/guarded-agent.ts';
import type { LookUp } from '../../../engines/webhooks/allowed-address.ts';
import { postEvent } from '../../../engines/webhooks/post-event.ts';
import type { PostResult } from '../../../engines/webhooks/post-event.ts';

// Counts what connects to it, in every family.
let sockets = 0;
const listeners: Server[] = [];
let port = 0;

async function listen(host: string): Promise<void> {
  const server = createServer((socket) => {
    sockets += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  ({ port } = server.address() as AddressInfo);
  listeners.push(server);
}

before(async () => {
  await listen('0.0.0.0');
  await listen('::1').catch(() => undefined);
});
after(() => listeners.forEach((server) => server.close()));

/** An address of a documentation network (RFC 5737): it leads nowhere. */
const elsewhere = '192.0.2.1';

const postTo = (agent: Agent, url: string, timeoutMs = 5_000): Promise<PostResult> =>
  postEvent({ url, headers: {}, body: Buffer.from('{}') }, { agent, timeoutMs, signal: new AbortController().signal });

async function post(url: string, lookUp?: LookUp): Promise<PostResult> {
  const agent = createGuardedAgent(createAddressGuard([]), lookUp);
  try {
    return await postTo(agent, url);
  } finally {
    await agent.close();
  }
}

const hosts = [
  '127.0.0.1',
  '127.1',
  '2130706433',
  '0x7f.0.0.1',
  '0177.0.0.1',
  '0.0.0.0',
  '0',
  '[::1]',
  '[::]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::127.0.0.1]',
  '[64:ff9b::127.0.0.1]',
  '[2002:7f00:1::]',
  '169.254.169.254',
  '10.0.0.1',
  'localhost',
];

describe('no socket is opened to', () => {
  for (const scheme of ['http', 'https'])
    for (const host of hosts)
      it(`${scheme}://${host}`, async () => {
        const { outcome } = await post(`${scheme}://${host}:${port}/hooks`);
        assert.equal(outcome, 'address_forbidden');
        assert.equal(sockets, 0);
      });

  for (const addresses of [['127.0.0.1'], ['::1'], ['93.184.216.34', '127.0.0.1'], ['::ffff:127.0.0.1']])
    it(`a name with the addresses ${addresses.join(', ')}`, async () => {
      const { outcome, detail } = await post(`https://example.com:${port}/`, async () => addresses);
      assert.equal(outcome, 'address_forbidden');
      assert.match(detail ?? '', /example\.com/);
      assert.equal(sockets, 0);
    });

  it('a name that has another address when it is asked again', async () => {
    let asked = 0;
    const rebinding: LookUp = async () => [(asked += 1) === 1 ? elsewhere : '127.0.0.1'];
    const url = `https://example.com:${port}/`;
    const agent = createGuardedAgent(createAddressGuard([`${elsewhere}/32`]), rebinding);
    const first = await postTo(agent, url, 200);
    assert.notEqual(first.outcome, 'delivered');
    assert.equal(asked, 1, 'the address that was checked is the one that is connected to');
    // It may wait for the connection of the first, or be refused; it never gets to the other address.
    assert.notEqual((await postTo(agent, url, 200)).outcome, 'delivered');
    await agent.destroy();
    assert.equal(sockets, 0);
  });
});
