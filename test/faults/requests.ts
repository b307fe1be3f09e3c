import { randomUUID } from 'node:crypto';
import type { OperationKind } from '../../contracts/lifecycle.ts';
import type { Operation } from '../../contracts/operation.ts';
import { operationWorkflowId } from '../../platform/workflow-starters.ts';
import { verbOf } from '../harness/lifecycle.ts';
import { changedServices, manifestOf, otherPlan } from './declarations.ts';
import type { KnownTenant } from './standing.ts';
import type { TestBed } from './test-bed.ts';

/** An operation that was accepted. */
export interface RunningOperation {
  readonly id: string;
  readonly kind: OperationKind;
  readonly uid: string;
  readonly tenant: string;
  readonly workflowId: string;
}

export function runningOperation(
  { id, kind }: Pick<Operation, 'id' | 'kind'>,
  { uid, name }: Pick<KnownTenant, 'uid' | 'name'>,
): RunningOperation {
  return { id, kind, uid, tenant: name, workflowId: operationWorkflowId(uid, id) };
}

/** The plan and the services that the tenant has after the path has succeeded. */
export function changeBy(
  path: OperationKind,
  tenant: KnownTenant,
  unique: string,
): Pick<KnownTenant, 'plan' | 'services'> {
  const { plan, services } = tenant;
  if (path === 'change_plan') return { plan: otherPlan(plan), services };
  if (path === 'reconcile') return { plan, services: changedServices(services, unique) };
  return { plan, services };
}

async function answerTo(
  { api }: TestBed,
  path: OperationKind,
  tenant: KnownTenant,
  change: Pick<KnownTenant, 'plan' | 'services'>,
): Promise<Operation | undefined> {
  const request = { params: { name: tenant.name }, ifMatch: '*', idempotencyKey: randomUUID() };
  switch (path) {
    case 'purge':
      return (await api.call('purgeTenant', { ...request, body: { early: true } })).body.operation;
    case 'change_plan':
      return (await api.call('changePlanOfTenant', { ...request, body: { plan: change.plan } })).body.operation;
    case 'reconcile':
      return (await api.call('putTenant', { ...request, body: manifestOf({ ...tenant, ...change }) })).body.operation;
    default:
      return (await api.call(verbOf[path], request)).body.operation;
  }
}

/** Requests a path until there is an answer, and returns its operation. */
export async function ask(
  bed: TestBed,
  path: OperationKind,
  tenant: KnownTenant,
  change: Pick<KnownTenant, 'plan' | 'services'>,
): Promise<RunningOperation> {
  const operation = await answerTo(bed, path, tenant, change);
  if (operation === undefined) throw new Error(`${path} of ${tenant.name} was answered without an operation`);
  return runningOperation(operation, tenant);
}

/** Requests a path that preempts the running operation. */
export async function preempt(
  { api }: TestBed,
  path: 'suspend' | 'reconcile',
  tenant: KnownTenant,
): Promise<RunningOperation> {
  const route = path === 'suspend' ? 'suspendTenant' : 'reconcileTenant';
  const { body } = await api.call(route, {
    params: { name: tenant.name },
    query: { preempt: 'true' },
    ifMatch: '*',
    idempotencyKey: randomUUID(),
  });
  if (body.operation === undefined) throw new Error(`${path} of ${tenant.name} was answered without an operation`);
  return runningOperation(body.operation, tenant);
}
