import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { operationWorkflowId } from '../../platform/workflow-starters.ts';
import { apiVersion } from '../../contracts/manifests/metadata.ts';
import type { OperationKind } from '../../contracts/lifecycle.ts';
import type { Tenant } from '../../contracts/manifests/tenant.ts';
import { armFailpoint } from '../harness/armed-failpoint.ts';
import type { Installation } from '../harness/installation.ts';
import { activeTenant, ended, takeAll, verbOf } from '../harness/lifecycle.ts';
import type { Verb } from '../harness/lifecycle.ts';

/** A scenario of one workflow. Its name begins with the workflow's type. Returns the id of the workflow to record. */
export interface Scenario {
  readonly name: string;
  run(installation: Installation, temporal: Client): Promise<string>;
}

type Asked = Exclude<OperationKind, 'activate'>;

/** The requests that bring an Active tenant to a state in which the path can start. */
const ways: Record<Asked, readonly Verb[]> = {
  suspend: [],
  change_plan: [],
  reconcile: [],
  resume: ['suspendTenant'],
  archive: ['suspendTenant'],
  reactivate: ['suspendTenant', 'archiveTenant'],
  delete: ['suspendTenant', 'archiveTenant'],
  undelete: ['suspendTenant', 'archiveTenant', 'deleteTenant'],
  purge: ['suspendTenant', 'archiveTenant', 'deleteTenant'],
};

/** Requests a path and returns the id of its operation. */
async function ask(installation: Installation, path: Asked, name: string, preempt = false): Promise<string> {
  const request = {
    params: { name },
    query: preempt ? { preempt: 'true' as const } : {},
    ifMatch: '*',
    idempotencyKey: randomUUID(),
  };
  const api = installation.client();
  const { body } =
    path === 'purge'
      ? await api.call('purgeTenant', { ...request, body: { early: true } })
      : path === 'change_plan'
        ? await api.call('changePlanOfTenant', { ...request, body: { plan: 'enterprise' } })
        : await api.call(verbOf[path], request);
  if (body.operation === undefined) throw new Error(`${path} of ${name} starts no operation`);
  return body.operation.id;
}

async function prepare(installation: Installation, path: Asked, name: string): Promise<Tenant> {
  if (path === 'change_plan') {
    const spec = { isolationModes: ['dedicated' as const], quotas: { tables: 500 } };
    await installation.client().call('putPlan', {
      params: { name: 'enterprise' },
      ifNoneMatch: '*',
      body: { apiVersion, kind: 'Plan', metadata: { name: 'enterprise' }, spec },
    });
  }
  const tenant = await activeTenant(installation.client(), name);
  await takeAll(installation.client(), name, ways[path]);
  return tenant;
}

function succeeded(path: Asked): Scenario {
  return {
    name: `${path}-succeeded`,
    async run(installation) {
      const name = `${path.replace('_', '-')}-ok`;
      const { metadata } = await prepare(installation, path, name);
      const id = await ask(installation, path, name);
      await ended(installation.client(), id);
      return operationWorkflowId(metadata.uid, id);
    },
  };
}

/** The step at which an operation of each path is cancelled. */
const turns = {
  suspend: 'revoke-access',
  resume: 'restore-access',
  archive: 'shed-indexes',
  reactivate: 'restore-access',
  reconcile: 'correct-roles',
} as const;

function cancelled(path: keyof typeof turns): Scenario {
  return {
    name: `${path}-cancelled-and-undone`,
    async run(installation) {
      const name = `${path}-cancelled`;
      const { metadata } = await prepare(installation, path, name);
      const failpoint = armFailpoint(installation, `${turns[path]}.before-checkpoint`, 'pause');
      const id = await ask(installation, path, name);
      await failpoint.hit();
      await installation.client().call('cancelOperation', { params: { id } });
      failpoint.release();
      await ended(installation.client(), id);
      return operationWorkflowId(metadata.uid, id);
    },
  };
}

/** A preemption has two histories: that of the preempted operation and that of the one that preempts it. */
function preempted(keep: 'reconcile' | 'suspend', name: string): Scenario {
  return {
    name: `${keep}-${name}`,
    async run(installation) {
      const { metadata } = await prepare(installation, 'reconcile', name);
      const failpoint = armFailpoint(installation, 'correct-roles.before-checkpoint', 'pause');
      const first = await ask(installation, 'reconcile', name);
      await failpoint.hit();
      const second = await ask(installation, 'suspend', name, true);
      failpoint.release();
      await ended(installation.client(), second);
      return operationWorkflowId(metadata.uid, keep === 'reconcile' ? first : second);
    },
  };
}

/** The scenarios of all paths that need a tenant that has been Active. */
export const pathScenarios: readonly Scenario[] = [
  ...(Object.keys(ways) as Asked[]).map(succeeded),
  ...(Object.keys(turns) as (keyof typeof turns)[]).map(cancelled),
  preempted('reconcile', 'gives-way'),
  preempted('suspend', 'takes-over'),
];
