import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { readControlState, readEntries } from '../../harness/control-data.ts';
import { createExchange } from '../../harness/http-exchange.ts';
import type { Exchange } from '../../harness/http-exchange.ts';
import { requestBy, routeIds } from '../../harness/route-requests.ts';
import { startInstallation } from '../../harness/installation.ts';
import type { Installation } from '../../harness/installation.ts';
import { declareBasics } from '../../harness/manifests.ts';
import { until } from '../../harness/until.ts';

const stack = attachToStack();
const bundle = mkdtempSync(join(tmpdir(), 'tenure-bundle-'));
const compiled = stack.processEnvironment()['TENURE_POLICY_BUNDLE'] ?? '';
let installation: Installation;
let exchange: Exchange;
before(async () => {
  installation = await startInstallation(stack, {
    worker: false,
    settings: { TENURE_POLICY_BUNDLE: bundle },
    awaitReady: false,
  });
  exchange = createExchange(installation);
});
after(async () => {
  await installation.stop();
  rmSync(bundle, { recursive: true, force: true });
});

async function requireNothingDecided(): Promise<void> {
  const state = await readControlState(installation);
  for (const id of routeIds) {
    const answer = await exchange(requestBy(id, { name: 'acme', headers: { 'if-none-match': '*' } }));
    assert.equal(answer.problem().code, 'policy_unavailable', `${id}: ${answer.text}`);
  }
  assert.deepEqual(await readControlState(installation), state);
  assert.deepEqual(await readEntries(installation), []);
  const ready = await fetch(`${installation.server}/readyz`);
  assert.equal(ready.status, 503);
  assert.deepEqual(((await ready.json()) as { checks: unknown }).checks, {
    control: 'ok',
    temporal: 'ok',
    policy: 'failed',
    clock: 'ok',
    'cell eu-west-1-a': 'away',
    'cell us-east-1-a': 'away',
  });
  assert.equal((await fetch(`${installation.server}/livez`)).status, 200);
}

test('without a policy bundle, every route answers 503 and writes nothing, and readiness fails', requireNothingDecided);

test('a bundle whose bytes do not match its manifest is not used either', async () => {
  cpSync(compiled, bundle, { recursive: true });
  writeFileSync(join(bundle, 'data.json'), JSON.stringify({ actions: {}, roles: { admin: {} } }));
  await requireNothingDecided();
});

test('when the bundle is available, the API uses it without a restart', async () => {
  cpSync(compiled, bundle, { recursive: true });
  await until('the API decides again', async () => (await exchange({ path: '/v1/tenants' })).status !== 503);
  assert.equal((await fetch(`${installation.server}/readyz`)).status, 200);
  await declareBasics(installation.client());
  assert.equal(
    (await exchange(requestBy('createTenant', { name: 'acme', headers: { 'if-none-match': '*' } }))).status,
    201,
  );
  assert.equal((await exchange({ path: '/v1/plans', who: { roles: [] } })).status, 403);
});
