import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { createExchange } from '../../harness/http-exchange.ts';
import { startInstallation } from '../../harness/installation.ts';
import type { Installation } from '../../harness/installation.ts';
import { declareBasics, tenantManifest } from '../../harness/manifests.ts';
import { until } from '../../harness/until.ts';

let installation: Installation;
before(async () => {
  installation = await startInstallation(attachToStack(), { worker: false });
  const api = installation.client();
  await declareBasics(api);
  await api.call('createTenant', { body: tenantManifest('caught') });
});
after(() => installation.stop());

test('who dies in the middle of a commit does not keep its tenant from everybody else for long', async () => {
  const { control, databases } = installation;
  const session = control.startSession();
  session.startTransaction();
  // Nobody ends it, as nobody ends what a killed process has begun.
  await control.db(databases.control).collection('resources').updateOne({ name: 'caught' }, { $inc: { revision: 1 } }, { session });
  const exchange = createExchange(installation);
  const hold = () => exchange({ method: 'POST', path: '/v1/tenants/caught:hold', body: { reason: 'a case' }, headers: { 'if-match': '*', 'idempotency-key': 'hold' } });
  const refused = new Set<number>();
  const { status } = await until('it can be changed again', async () => {
    const answer = await hold();
    if (answer.status >= 400) refused.add(answer.status);
    return answer.status < 400 ? answer : undefined;
  }, 45_000);
  assert.equal(status, 200);
  assert.deepEqual([...refused].filter((code) => code !== 503 && code !== 409), [], 'until then it is told: not now');
  await session.endSession();
});
