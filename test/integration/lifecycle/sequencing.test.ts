import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ApiClient } from '../../../client/api-client.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { armFailpoint } from '../../harness/armed-failpoint.ts';
import { startInstallation } from '../../harness/installation.ts';
import type { Installation } from '../../harness/installation.ts';
import { activeTenant } from '../../harness/lifecycle.ts';
import { assertLogComplete, untilAllSequenced } from '../../harness/log-check.ts';
import { declareBasics } from '../../harness/manifests.ts';
import { until } from '../../harness/until.ts';

let installation: Installation;
let api: ApiClient;
before(async () => {
  installation = await startInstallation(attachToStack(), { replicas: 2 });
  api = installation.client();
  await declareBasics(api);
});
after(() => installation.stop());

for (const at of ['sequence.before-append', 'sequence.after-append']) {
  test(`when the worker that sequences dies at ${at}, the other one continues, without a gap or a repetition`, async () => {
    const armed = armFailpoint(installation, at, 'kill');
    await activeTenant(api, `killed-${at.replace('.', '-')}`);
    await until('the failpoint is reached', armed.isHit);
    await untilAllSequenced(installation);
    await assertLogComplete(installation);
    const dead = installation.replicas.filter(({ worker }) => !worker.runs);
    assert.equal(dead.length, 1, 'one worker has died');
    for (const { worker } of dead) {
      worker.start();
      await worker.ready();
    }
  });
}

test('a worker that was suspended while it sequenced changes nothing when it wakes up', async () => {
  const armed = armFailpoint(installation, 'sequence.before-append', 'pause');
  await activeTenant(api, 'suspended');
  await until('the failpoint is reached', armed.isHit);
  // The other worker takes over when the lease has ended, and finishes.
  await untilAllSequenced(installation);
  const before = await installation.store.log.size();
  armed.release();
  await activeTenant(api, 'afterwards');
  await untilAllSequenced(installation);
  assert.ok((await installation.store.log.size()) > before);
  await assertLogComplete(installation);
});
