import { lifecycleStates } from '../../contracts/lifecycle.ts';
import type { Tenant } from '../../contracts/manifests/tenant.ts';
import { usageFailure } from '../failure.ts';
import { didYouMean } from '../text/wording.ts';

/** The condition of `wait --for`. */
export interface TenantCondition {
  /** As written. */
  readonly text: string;
  holds(tenant: Tenant): boolean;
  /** Whether it cannot hold once the declared change was rolled back. */
  readonly needsApplied: boolean;
  /** The current state of the tenant for this condition. */
  state(tenant: Tenant): string;
}

const forms = 'write --for=Ready, --for=lifecycle=Active or --for=condition=Placed=True';
const statuses = ['True', 'False', 'Unknown'];

/** Reads `Ready`, `lifecycle=STATE` and `condition=TYPE[=STATUS]`. @throws CliFailure usage */
export function parseTenantCondition(text: string): TenantCondition {
  const [form = '', wanted = '', status = 'True', ...rest] = text.split('=');
  if (text.toLowerCase() === 'ready') return ready(text);
  if (wanted !== '' && rest.length === 0) {
    if (form === 'lifecycle') return ofLifecycle(text, text.slice('lifecycle='.length));
    if (form === 'condition') return ofCondition(text, wanted, status);
  }
  throw usageFailure(`--for=${text} is not a valid condition`, forms);
}

/** A condition is about the current generation only if it, or the tenant as a whole, was observed since. */
function isObserved({ metadata, status }: Tenant, observedGeneration: number): boolean {
  return Math.max(observedGeneration, status.observedGeneration) >= metadata.generation;
}

/** The tenant serves its users as currently declared, and no operation runs. */
function ready(text: string): TenantCondition {
  const condition = ofCondition(text, 'Ready', 'True');
  const isIdle = ({ status }: Tenant): boolean => status.operation === undefined && status.pending === undefined;
  return {
    ...condition,
    needsApplied: true,
    holds: (tenant) => condition.holds(tenant) && isIdle(tenant) && isObserved(tenant, 0),
    state: (tenant) =>
      tenant.status.operation === undefined
        ? condition.state(tenant)
        : `operation/${tenant.status.operation.id} (${tenant.status.operation.kind}) is running`,
  };
}

function ofLifecycle(text: string, wanted: string): TenantCondition {
  if (!lifecycleStates.some((state) => state === wanted)) {
    throw usageFailure(
      `"${wanted}" is not a lifecycle state`,
      didYouMean(wanted, lifecycleStates, `use one of ${lifecycleStates.join(', ')}`),
    );
  }
  return {
    text,
    needsApplied: false,
    holds: ({ status }) => status.lifecycle === wanted,
    state: ({ status }) => `lifecycle is ${status.lifecycle}`,
  };
}

/** Ignores case, as kubectl does. */
function ofCondition(text: string, type: string, written: string): TenantCondition {
  const wanted = statuses.find((status) => status.toLowerCase() === written.toLowerCase());
  if (wanted === undefined)
    throw usageFailure(
      `"${written}" is not a condition status`,
      didYouMean(written, statuses, `use one of ${statuses.join(', ')}`),
    );
  const find = ({ status }: Tenant) =>
    status.conditions.find((condition) => condition.type.toLowerCase() === type.toLowerCase());
  return {
    text,
    needsApplied: false,
    holds: (tenant) => find(tenant)?.status === wanted && isObserved(tenant, find(tenant)?.observedGeneration ?? 0),
    state(tenant) {
      const condition = find(tenant);
      return condition === undefined
        ? `there is no condition ${type} yet`
        : `${type} is ${condition.status} (${condition.reason}: ${condition.message})`;
    },
  };
}
