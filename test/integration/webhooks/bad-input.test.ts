import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiVersion } from '../../../contracts/manifests/metadata.ts';
import { startDeclared } from '../../harness/declared-installation.ts';
import type { Exchange } from '../../harness/http-exchange.ts';
import type { Installation } from '../../harness/installation.ts';

let installation: Installation;
let exchange: Exchange;
before(async () => {
  const settings = { TENURE_WEBHOOK_HTTP: 'refused', TENURE_WEBHOOK_ALLOWED_RANGES: '' };
  ({ installation, exchange } = await startDeclared({ worker: false, settings }));
});
after(() => installation.stop());

const valid = { url: 'https://8.8.8.8/hooks' };

const flaws: readonly [what: string, spec: object, code: string, pointer: string][] = [
  ['no URL', {}, 'request_invalid', '/spec/url'],
  ['a URL that is none', { url: 'billing' }, 'request_invalid', '/spec/url'],
  ['another scheme', { url: 'ftp://8.8.8.8/hooks' }, 'request_invalid', '/spec/url'],
  ['credentials in the URL', { url: 'https://me:secret@8.8.8.8/hooks' }, 'request_invalid', '/spec/url'],
  ['a fragment in the URL', { url: 'https://8.8.8.8/hooks#here' }, 'request_invalid', '/spec/url'],
  ['an endless URL', { url: `https://8.8.8.8/${'x'.repeat(3_000)}` }, 'request_invalid', '/spec/url'],
  ['http', { url: 'http://8.8.8.8/hooks' }, 'webhook_address_forbidden', '/spec/url'],
  ['loopback', { url: 'https://127.0.0.1/hooks' }, 'webhook_address_forbidden', '/spec/url'],
  ['loopback as a number', { url: 'https://2130706433/hooks' }, 'webhook_address_forbidden', '/spec/url'],
  ['metadata of a cloud', { url: 'https://169.254.169.254/latest' }, 'webhook_address_forbidden', '/spec/url'],
  ['an address in an IPv6 one', { url: 'https://[::ffff:10.0.0.1]/hooks' }, 'webhook_address_forbidden', '/spec/url'],
  ['a name with a private address', { url: 'https://localhost/hooks' }, 'webhook_address_forbidden', '/spec/url'],
  ['an unknown type', { ...valid, events: ['tenant.*', 'tenant.vanished.v1'] }, 'request_invalid', '/spec/events/1'],
  ['no types', { ...valid, events: [] }, 'request_invalid', '/spec/events'],
  ['a selector that is none', { ...valid, tenantSelector: 'tier in gold' }, 'request_invalid', '/spec/tenantSelector'],
  ['a tenant that cannot be', { ...valid, tenants: ['Acme!'] }, 'request_invalid', '/spec/tenants/0'],
  ['an unknown order', { ...valid, order: 'fleet' }, 'request_invalid', '/spec/order'],
  ['an unknown signature', { ...valid, signature: 'none' }, 'request_invalid', '/spec/signature'],
  ['an unknown field', { ...valid, secret: 'whsec_x' }, 'request_invalid', '/spec'],
];

for (const [what, spec, code, pointer] of flaws)
  test(`${what} is refused, with the place and the fix`, async () => {
    const answer = await exchange({
      method: 'PUT',
      path: '/v1/webhooks/flawed',
      headers: { 'if-none-match': '*' },
      body: { apiVersion, kind: 'WebhookEndpoint', metadata: { name: 'flawed' }, spec },
    });
    const problem = answer.problem();
    assert.equal(problem.code, code);
    const [error] = problem.errors ?? [];
    assert.ok(error?.pointer?.startsWith(pointer) === true, JSON.stringify(problem.errors));
    if (code === 'webhook_address_forbidden') assert.ok((error?.fix ?? '') !== '');
    assert.equal((await exchange({ path: '/v1/webhooks/flawed' })).status, 404);
  });

test('a valid one is accepted, also if its name cannot be resolved now', async () => {
  for (const [name, url] of [
    ['literal', valid.url],
    ['unresolved', 'https://no-such-host.invalid/hooks'],
  ] as const) {
    const answer = await exchange({
      method: 'PUT',
      path: `/v1/webhooks/${name}`,
      headers: { 'if-none-match': '*' },
      body: { apiVersion, kind: 'WebhookEndpoint', metadata: { name }, spec: { url } },
    });
    assert.equal(answer.status, 201, answer.text);
    const text = JSON.stringify(answer.json());
    assert.ok(!text.includes('whsec_') && !text.includes('sealed'), 'no secret is shown');
  }
});
