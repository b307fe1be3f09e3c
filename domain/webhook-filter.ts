import type { EventType } from '../contracts/event-types.ts';
import type { WebhookEndpointSpec } from '../contracts/manifests/webhook-endpoint.ts';
import { eventTypesOf } from './event-filter.ts';
import { matchesLabels, parseLabelSelector } from './label-selector.ts';
import type { LabelRequirement } from './label-selector.ts';
import { TenureError } from './tenure-error.ts';

/** What a filter looks at. */
export interface FilteredEvent {
  readonly type: EventType;
  /** Uid. */
  readonly tenant: string | null;
  /** What it is about, from its data. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** Which events an endpoint gets. */
export interface WebhookFilter {
  /** Undefined: all. */
  readonly types?: ReadonlySet<EventType>;
  /** Whether it gets this event, as far as that can be said without the labels of its tenant. */
  fits(event: FilteredEvent): boolean;
  /** Whether it gets an event of a tenant that has these labels. Undefined: labels do not matter. */
  readonly fitsLabels?: (labels: Readonly<Record<string, string>>) => boolean;
}

/** A field of what an event is about. */
function about(data: FilteredEvent['data'], kind: 'tenant' | 'webhook', field: 'name' | 'uid'): unknown {
  const named = data[kind];
  return typeof named === 'object' && named !== null ? Reflect.get(named, field) : undefined;
}

/** @throws TenureError request_invalid, with the pointer of the selector in the manifest */
function requirementsOf(selector: string): LabelRequirement[] {
  try {
    return parseLabelSelector(selector);
  } catch (error) {
    if (!(error instanceof TenureError)) throw error;
    throw new TenureError(error.code, error.message, {
      errors: error.errors.map((detail) => ({ ...detail, pointer: '/spec/tenantSelector' })),
    });
  }
}

/**
 * The filter of an endpoint. A test goes only to the endpoint that it is for, whatever its filter.
 * @throws TenureError request_invalid
 */
export function webhookFilter(uid: string, spec: WebhookEndpointSpec): WebhookFilter {
  const types = spec.events === undefined ? undefined : eventTypesOf(spec.events, '/spec/events');
  const tenants = spec.tenants === undefined ? undefined : new Set<unknown>(spec.tenants);
  const requirements = spec.tenantSelector === undefined ? undefined : requirementsOf(spec.tenantSelector);
  return {
    ...(types === undefined ? {} : { types: new Set<EventType>([...types, 'webhook.tested.v1']) }),
    fits({ type, tenant, data }) {
      if (type === 'webhook.tested.v1') return about(data, 'webhook', 'uid') === uid;
      if (types?.has(type) === false) return false;
      if (tenants?.has(about(data, 'tenant', 'name')) === false) return false;
      return requirements === undefined || tenant !== null;
    },
    ...(requirements === undefined ? {} : { fitsLabels: (labels) => matchesLabels(requirements, labels) }),
  };
}
