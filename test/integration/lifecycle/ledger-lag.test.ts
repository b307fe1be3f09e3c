import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startDeclared } from '../../harness/declared-installation.ts';
import type { Exchange, HttpAnswer } from '../../harness/http-exchange.ts';
import type { Installation } from '../../harness/installation.ts';
import { tenantManifest } from '../../harness/manifests.ts';
import { until } from '../../harness/until.ts';

let installation: Installation;
let exchange: Exchange;
before(async () => {
  ({ installation, exchange } = await startDeclared({ settings: { TENURE_MAX_SEQUENCING_LAG_SECONDS: '10' } }));
});
after(() => installation.stop());

let count = 0;
function create(query = ''): Promise<HttpAnswer> {
  count += 1;
  const headers = { 'idempotency-key': `lag-${count}` };
  return exchange({ method: 'POST', path: `/v1/tenants${query}`, body: tenantManifest(`lag-${count}`), headers });
}

test('while nobody sequences the ledger, changes are refused, and accepted again when it has caught up', async () => {
  await installation.worker.kill('SIGKILL');
  assert.equal((await create()).status, 201, 'a short lag does not matter');
  const refused = await until('a change is refused', async () => {
    const answer = await create();
    return answer.status === 201 ? undefined : answer;
  });
  assert.equal(refused.problem().code, 'ledger_behind');
  const entries = await installation.store.ledger.entries({});
  assert.equal((await create()).problem().code, 'ledger_behind');
  assert.equal((await installation.store.ledger.entries({})).length, entries.length, 'it leaves nothing');
  assert.equal((await exchange({ path: '/v1/tenants' })).status, 200);
  assert.equal((await create('?dryRun=true')).status, 200, 'what changes nothing is answered');

  installation.worker.start();
  await installation.worker.ready();
  await until('changes are accepted', async () => (await create()).status === 201);
});
