import { randomUUID } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { apiVersion } from '../../contracts/manifests/metadata.ts';
import { operationWorkflowId, webhookWorkflowId } from '../../platform/workflow-starters.ts';
import { driftScheduleId } from '../../workers/schedules.ts';
import { armFailpoint } from '../harness/armed-failpoint.ts';
import type { Installation } from '../harness/installation.ts';
import { activeTenant, takeAll } from '../harness/lifecycle.ts';
import { tenantManifest } from '../harness/manifests.ts';
import type { TenantInput } from '../harness/manifests.ts';
import { until } from '../harness/until.ts';
import { startReceiver } from '../harness/webhook-receiver.ts';
import { pathScenarios } from './path-scenarios.ts';
import type { Scenario } from './path-scenarios.ts';

function ofSchedule(name: string, scheduleId: (taskQueue: string) => string): Scenario {
  return {
    name,
    async run({ taskQueue }, temporal) {
      const schedule = temporal.schedule.getHandle(scheduleId(taskQueue));
      await schedule.trigger();
      return until(`${name} has started`, async () => {
        const { info } = await schedule.describe();
        const action = info.recentActions.at(-1)?.action;
        return action?.type === 'startWorkflow' ? action.workflow.workflowId : undefined;
      });
    },
  };
}

async function activate(
  { client, store }: Installation,
  name: string,
  spec: Partial<TenantInput['spec']> = {},
): Promise<{ id: string; workflowId: string }> {
  await client().call('putTenant', {
    params: { name },
    ifNoneMatch: '*',
    body: tenantManifest(name, { lifecycle: 'Active', ...spec }),
  });
  const tenant = await until('the tenant exists', () => store.resources.find('Tenant', name));
  const id = tenant.operation?.id ?? (await store.operations.list({ tenants: [tenant._id], limit: 1 }))[0]?._id ?? '';
  return { id, workflowId: operationWorkflowId(tenant._id, id) };
}

async function ended({ store }: Installation, id: string): Promise<void> {
  await until('the operation ends', async () => (await store.operations.find(id))?.unfinished !== true);
}

/** Cancels a workflow. Resolves when the cancellation is in its history. */
async function cancelled(temporal: Client, workflowId: string): Promise<void> {
  const workflow = temporal.workflow.getHandle(workflowId);
  await workflow.cancel();
  await until('the cancellation is in the history', async () =>
    (await workflow.fetchHistory()).events?.some(
      (event) => event.workflowExecutionCancelRequestedEventAttributes != null,
    ),
  );
}

/** Runs a verification, and `meanwhile` during it. Returns the id of its workflow. */
async function verified(
  { client }: Installation,
  name: string,
  against: string,
  meanwhile: (workflowId: string) => Promise<void> = async () => undefined,
): Promise<string> {
  const api = client();
  const { body } = await api.call('verifyIsolationOfTenant', { params: { name }, body: { against } });
  const workflowId = body.running?.workflowId ?? '';
  await meanwhile(workflowId);
  await until(
    'the verification ends',
    async () =>
      (await api.call('isolationReportOfTenant', { params: { name }, query: { against } })).body.running === undefined,
    180_000,
  );
  return workflowId;
}

export const scenarios: readonly Scenario[] = [
  {
    name: 'activate-succeeded',
    async run(installation) {
      const { id, workflowId } = await activate(installation, 'succeeded');
      await ended(installation, id);
      return workflowId;
    },
  },
  {
    name: 'activate-failed-and-undone',
    async run(installation) {
      const services = [
        { name: 'shop', collections: [{ name: 'orders', jsonSchema: { patternProperties: { '(': {} } } }] },
      ];
      const { id, workflowId } = await activate(installation, 'failed', { services });
      await ended(installation, id);
      return workflowId;
    },
  },
  {
    name: 'activate-with-a-second-attempt',
    async run(installation) {
      writeFileSync(join(installation.failpointDirectory, 'create-roles.before-intent'), 'not this time');
      const { id, workflowId } = await activate(installation, 'retried');
      await ended(installation, id);
      return workflowId;
    },
  },
  {
    name: 'activate-cancelled-and-undone',
    async run(installation, temporal) {
      const failpoint = join(installation.failpointDirectory, 'create-user.before-intent');
      writeFileSync(failpoint, 'pause');
      const { id, workflowId } = await activate(installation, 'cancelled');
      await until('the step is reached', () => existsSync(`${failpoint}.hit`));
      await cancelled(temporal, workflowId);
      writeFileSync(`${failpoint}.release`, '');
      await ended(installation, id);
      return workflowId;
    },
  },
  {
    name: 'sweep',
    async run({ taskQueue }, temporal) {
      const workflowId = `sweep-now/${randomUUID()}`;
      await temporal.workflow.start('sweep', { workflowId, taskQueue, args: [{ turns: 2 }] });
      return workflowId;
    },
  },
  ofSchedule('driftScan', driftScheduleId),
  {
    name: 'driftScan-cancelled',
    async run(installation, temporal) {
      const failpoint = armFailpoint(installation, 'scan.before-look', 'pause');
      const schedule = temporal.schedule.getHandle(driftScheduleId(installation.taskQueue));
      const { numActionsTaken: before } = (await schedule.describe()).info;
      await schedule.trigger();
      await failpoint.hit();
      const workflowId = await until('the scan has started', async () => {
        const { recentActions, numActionsTaken } = (await schedule.describe()).info;
        const action = recentActions.at(-1)?.action;
        return numActionsTaken > before && action?.type === 'startWorkflow' ? action.workflow.workflowId : undefined;
      });
      await cancelled(temporal, workflowId);
      failpoint.release();
      return workflowId;
    },
  },
  {
    name: 'rollOut',
    async run(installation) {
      const api = installation.client();
      const declare = (condition: { ifNoneMatch: '*' } | { ifMatch: '*' }, a: number) =>
        api.call('putTemplate', {
          params: { name: 'common' },
          ...condition,
          body: { apiVersion, kind: 'TenantTemplate', metadata: { name: 'common' }, spec: { config: { a } } },
        });
      await declare({ ifNoneMatch: '*' }, 1);
      await activeTenant(api, 'templated', { template: { name: 'common' } });
      await declare({ ifMatch: '*' }, 2);
      const { body } = await api.call('startRollout', {
        params: { name: 'common' },
        body: {},
        idempotencyKey: randomUUID(),
      });
      return body.workflowId;
    },
  },
  {
    name: 'deliverWebhook',
    async run(installation) {
      const api = installation.client();
      const name = 'billing';
      const receiver = await startReceiver();
      const put = async (enabled: boolean, condition: { ifNoneMatch: '*' } | { ifMatch: '*' }) =>
        (
          await api.call('putWebhook', {
            params: { name },
            ...condition,
            body: { apiVersion, kind: 'WebhookEndpoint', metadata: { name }, spec: { url: receiver.url, enabled } },
          })
        ).body.metadata.uid;
      const uid = await put(true, { ifNoneMatch: '*' });
      await api.call('testWebhook', { params: { name }, body: {} });
      await until('the test is delivered', () => receiver.received.length > 0);
      await put(false, { ifMatch: '*' });
      await receiver.close();
      return webhookWorkflowId(uid);
    },
  },
  {
    name: 'verifyIsolation-held',
    async run(installation) {
      for (const name of ['verified', 'against']) await ended(installation, (await activate(installation, name)).id);
      return verified(installation, 'verified', 'against');
    },
  },
  {
    name: 'verifyIsolation-without-a-verdict',
    async run(installation) {
      for (const name of ['unverified', 'opposite']) await ended(installation, (await activate(installation, name)).id);
      const failpoint = armFailpoint(installation, 'verify.canaries-planted', 'pause');
      return verified(installation, 'unverified', 'opposite', async () => {
        await failpoint.hit();
        // A refusal proves nothing if the tenant has no access at all.
        await takeAll(installation.client(), 'unverified', ['suspendTenant']);
        failpoint.release();
      });
    },
  },
  {
    name: 'verifyIsolation-cancelled',
    async run(installation, temporal) {
      for (const name of ['called-off', 'beside']) await ended(installation, (await activate(installation, name)).id);
      await installation.worker.kill('SIGKILL');
      return verified(installation, 'called-off', 'beside', async (workflowId) => {
        await cancelled(temporal, workflowId);
        installation.worker.start();
      });
    },
  },
  ...pathScenarios,
];
