import { apiVersion } from '../contracts/manifests/metadata.ts';
import type { Metadata } from '../contracts/manifests/metadata.ts';
import type { Plan } from '../contracts/manifests/plan.ts';
import type { Region } from '../contracts/manifests/region.ts';
import type { Tenant } from '../contracts/manifests/tenant.ts';
import type { TenantTemplate } from '../contracts/manifests/tenant-template.ts';
import type { WebhookEndpoint } from '../contracts/manifests/webhook-endpoint.ts';
import type { Operation } from '../contracts/operation.ts';
import { operationWorkflowId } from '../platform/workflow-starters.ts';
import { stepsOf } from '../domain/step-plan.ts';
import { stepOf } from '../store/operations.ts';
import type {
  OperationDocument,
  PlanDocument,
  RegionDocument,
  ResourceDocument,
  TenantDocument,
  TenantTemplateDocument,
  WebhookEndpointDocument,
} from '../store/documents.ts';

function metadata({
  _id,
  name,
  labels,
  annotations,
  generation,
  revision,
  createTime,
  updateTime,
}: ResourceDocument): Metadata {
  return {
    name,
    uid: _id,
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    generation,
    revision,
    createTime: createTime.toISOString(),
    updateTime: updateTime.toISOString(),
  };
}

export function planBody(document: PlanDocument): Plan {
  return { apiVersion, kind: 'Plan', metadata: metadata(document), spec: document.spec };
}

export function tenantTemplateBody(document: TenantTemplateDocument): TenantTemplate {
  return { apiVersion, kind: 'TenantTemplate', metadata: metadata(document), spec: document.spec };
}

export function webhookBody(document: WebhookEndpointDocument): WebhookEndpoint {
  const { spec, disabled } = document;
  return {
    apiVersion,
    kind: 'WebhookEndpoint',
    metadata: metadata(document),
    spec,
    status: disabled === null ? {} : { disabled: { reason: disabled.reason, time: disabled.time.toISOString() } },
  };
}

export function regionBody(document: RegionDocument): Region {
  return { apiVersion, kind: 'Region', metadata: metadata(document), spec: document.spec };
}

export function tenantBody(document: TenantDocument): Tenant {
  const {
    lifecycle,
    observedGeneration,
    conditions,
    placement,
    operation,
    pending,
    deletion,
    plan,
    scheduledPlan,
    spec,
  } = document;
  return {
    apiVersion,
    kind: 'Tenant',
    metadata: metadata(document),
    spec,
    status: {
      lifecycle,
      observedGeneration,
      conditions,
      ...(placement === null ? {} : { placement }),
      ...(operation === null ? {} : { operation: { id: operation.id, kind: operation.kind } }),
      ...(pending === null ? {} : { pending: { id: pending.id, kind: pending.kind } }),
      ...(deletion === null
        ? {}
        : {
            deletion: {
              from: deletion.from,
              deleteTime: deletion.deleteTime.toISOString(),
              purgeTime: deletion.purgeTime.toISOString(),
            },
          }),
      ...(plan === null ? {} : { plan: { ...plan, bindTime: plan.bindTime.toISOString() } }),
      ...(scheduledPlan === null
        ? {}
        : { scheduledPlan: { name: scheduledPlan.name, time: scheduledPlan.time.toISOString() } }),
    },
  };
}

export function operationBody(document: OperationDocument): Operation {
  const plan = stepsOf(document.kind);
  const steps = plan.map(({ key, title }) => {
    const { state, attempts, startTime, endTime, result } = stepOf(document, key);
    return {
      key,
      title,
      state,
      attempts,
      ...(startTime === undefined ? {} : { startTime: startTime.toISOString() }),
      ...(endTime === undefined ? {} : { endTime: endTime.toISOString() }),
      ...(result === undefined ? {} : { result }),
    };
  });
  return {
    id: document._id,
    kind: document.kind,
    tenant: document.tenant,
    state: document.state,
    transition: { from: document.from, to: document.to },
    done: document.unfinished !== true,
    generation: document.generation,
    createTime: document.createTime.toISOString(),
    ...(document.startTime === null ? {} : { startTime: document.startTime.toISOString() }),
    ...(document.endTime === null ? {} : { endTime: document.endTime.toISOString() }),
    requestId: document.requestId,
    correlationId: document.correlationId,
    workflowId: operationWorkflowId(document.tenant.uid, document._id),
    progress: { done: steps.filter((step) => step.state === 'done').length, total: plan.length },
    steps,
    ...(document.waitsFor === null || document.state !== 'pending' ? {} : { waitsFor: document.waitsFor }),
    ...(document.next === undefined ? {} : { next: document.next }),
    ...(document.cancelRequestTime === null ? {} : { cancelRequestTime: document.cancelRequestTime.toISOString() }),
    ...(document.abandonment === undefined
      ? {}
      : { abandonment: { ...document.abandonment, time: document.abandonment.time.toISOString() } }),
    ...(document.error === null ? {} : { error: document.error }),
  };
}
