import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import type { ApiClient } from '../../../client/api-client.ts';
import { apiVersion } from '../../../contracts/manifests/metadata.ts';
import type { RouteBodyInput } from '../../../contracts/routes.ts';
import { scanForDrift } from '../../harness/drift-scan.ts';
import type { Installation } from '../../harness/installation.ts';
import { activeTenant, ended, takeAll } from '../../harness/lifecycle.ts';
import { until } from '../../harness/until.ts';
import { startReceiver } from '../../harness/webhook-receiver.ts';

/** Declares version 1 or 2 of a template. */
export async function declareTemplate(api: ApiClient, version: 1 | 2): Promise<void> {
  const body: RouteBodyInput<'putTemplate'> = {
    apiVersion,
    kind: 'TenantTemplate',
    metadata: { name: 'common' },
    spec: { config: { version } },
  };
  await api.call('putTemplate', {
    params: { name: 'common' },
    ...(version === 1 ? { ifNoneMatch: '*' as const } : { ifMatch: '*' as const }),
    body,
  });
}

/**
 * Runs every type of workflow: on two Active tenants that have the template, and on a third one that is purged. Returns
 * the answers.
 */
export async function wholeLife(
  installation: Installation,
  client: Client,
  [name, against]: readonly [string, string],
): Promise<unknown[]> {
  const api = installation.client();
  await takeAll(api, name, [
    'suspendTenant',
    'resumeTenant',
    'suspendTenant',
    'archiveTenant',
    'reactivateTenant',
    'reconcileTenant',
  ]);

  await api.call('putPlan', {
    params: { name: 'larger' },
    ifNoneMatch: '*',
    body: {
      apiVersion,
      kind: 'Plan',
      metadata: { name: 'larger' },
      spec: { isolationModes: ['dedicated'], quotas: { tables: 200 } },
    },
  });
  const { body: change } = await api.call('changePlanOfTenant', {
    params: { name },
    body: { plan: 'larger' },
    ifMatch: '*',
    idempotencyKey: randomUUID(),
  });
  assert.equal((await ended(api, change.operation?.id ?? '')).state, 'succeeded');

  await declareTemplate(api, 2);
  const { body: rollout } = await api.call('startRollout', {
    params: { name: 'common' },
    body: {},
    idempotencyKey: randomUUID(),
  });
  const rolledOut = await until('the roll-out has ended', async () => {
    const { body } = await api.call('getRollout', { params: { id: rollout.id } });
    return body.endTime === undefined ? undefined : body;
  });
  assert.deepEqual([rolledOut.state, rolledOut.counts.failed], ['succeeded', 0]);

  assert.ok((await scanForDrift(installation, client)).scanned >= 2);

  await api.call('verifyIsolationOfTenant', { params: { name }, body: { against } });
  const verification = await until(
    'the two are verified',
    async () => {
      const { body } = await api.call('isolationReportOfTenant', { params: { name } });
      return body.running === undefined ? body : undefined;
    },
    180_000,
  );
  assert.equal(verification.report?.verdict, 'held');

  await activeTenant(api, 'destroyed');
  await takeAll(api, 'destroyed', ['suspendTenant', 'archiveTenant', 'deleteTenant', 'undeleteTenant', 'deleteTenant']);
  const { body: purge } = await api.call('purgeTenant', {
    params: { name: 'destroyed' },
    body: { early: true },
    ifMatch: '*',
    idempotencyKey: randomUUID(),
  });
  assert.equal((await ended(api, purge.operation?.id ?? '')).state, 'succeeded');

  const reads = [
    api.call('getTenant', { params: { name } }),
    api.call('driftOfTenant', { params: { name } }),
    api.call('configOfTenant', { params: { name } }),
    api.call('listTenantRevisions', { params: { name }, query: {} }),
    api.call('listTombstones', { query: {} }),
    api.call('listOperations', { query: { pageSize: 500 } }),
  ];
  return [rolledOut, verification, ...(await Promise.all(reads)).map(({ body }) => body)];
}

/**
 * Declares a webhook, gets its secret, has an event delivered to it, and pauses it, so that its workflow ends. Returns the secret,
 * and the answers that must not contain it.
 */
export async function webhookLife(
  installation: Installation,
): Promise<{ readonly secret: string; readonly answers: readonly unknown[] }> {
  const api = installation.client();
  const receiver = await startReceiver(500);
  const params = { name: 'hook' };
  const put = async (enabled: boolean, condition: { ifNoneMatch: '*' } | { ifMatch: '*' }): Promise<unknown> =>
    (
      await api.call('putWebhook', {
        params,
        ...condition,
        body: { apiVersion, kind: 'WebhookEndpoint', metadata: params, spec: { url: receiver.url, enabled } },
      })
    ).body;
  try {
    const answers = [await put(true, { ifNoneMatch: '*' })];
    const { secret = '' } = (await api.call('rotateWebhookSecret', { params, body: {} })).body;
    answers.push((await api.call('testWebhook', { params, body: {} })).body);
    await until('an attempt is recorded', async () => {
      const { body } = await api.call('listDeliveryAttempts', { params });
      if (body.items.length > 0) answers.push(body);
      return body.items.length > 0;
    });
    answers.push((await api.call('listDeliveries', { params })).body);
    answers.push((await api.call('getWebhookHealth', { params })).body, await put(false, { ifMatch: '*' }));
    return { secret, answers };
  } finally {
    await receiver.close();
  }
}
