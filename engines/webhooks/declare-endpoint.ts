import type { WebhookEndpointSpec } from '../../contracts/manifests/webhook-endpoint.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import { webhookFilter } from '../../domain/webhook-filter.ts';
import { withinMs } from '../../platform/deadline.ts';
import type { WebhookEndpointDocument } from '../../store/documents.ts';
import type { Store } from '../../store/store.ts';
import type { Transaction } from '../../store/commit.ts';
import type { AddressGuard } from './address-guard.ts';
import { AddressForbidden, allowedAddress } from './allowed-address.ts';
import type { WebhookKeys } from './webhook-keys.ts';

/** What the installation allows. */
export interface WebhookRules {
  readonly guard: AddressGuard;
  /** Whether events may be sent unencrypted. */
  readonly allowsHttp: boolean;
}

const lookUpMs = 2_000;

function forbidden(message: string, fix: string): TenureError {
  return new TenureError('webhook_address_forbidden', message, { errors: [{ pointer: '/spec/url', message, fix }] });
}

async function requireAllowedAddress(url: URL, guard: AddressGuard): Promise<void> {
  const tooLate = (): Error => new Error('the name was not resolved in time');
  try {
    await withinMs(lookUpMs, allowedAddress(url.hostname, guard), tooLate);
  } catch (error) {
    // A name that cannot be resolved now may be tomorrow. Each connection checks again.
    if (error instanceof AddressForbidden)
      throw forbidden(
        error.message,
        'Use a public address. To allow this one, the operator adds its range to TENURE_WEBHOOK_ALLOWED_RANGES.',
      );
  }
}

/**
 * Requires that events may be sent as declared.
 * @throws TenureError request_invalid, for an unknown type or a wrong selector; webhook_address_forbidden
 */
async function requireEndpoint(spec: WebhookEndpointSpec, { guard, allowsHttp }: WebhookRules): Promise<void> {
  webhookFilter('', spec);
  const url = new URL(spec.url);
  if (url.protocol === 'http:' && !allowsHttp)
    throw forbidden(
      'events are not sent over http',
      'Use an https URL. To allow http, the operator sets TENURE_WEBHOOK_HTTP=allowed.',
    );
  await requireAllowedAddress(url, guard);
}

/** A declared endpoint: its uid if it is new, and what is committed with it. */
export interface EndpointDeclaration {
  readonly uid: string;
  /** In the commit that creates or changes it. */
  write(tx: Transaction, document: WebhookEndpointDocument, created: boolean): Promise<void>;
}

export interface DeclareEndpointDependencies {
  readonly store: Pick<Store, 'log' | 'newId' | 'webhookKeys' | 'webhookProgress'>;
  readonly keys: Pick<WebhookKeys, 'create'>;
  readonly rules: WebhookRules;
}

/**
 * Prepares the declaration of an endpoint. A new one gets a key, and the events from now on; one that is changed gets as
 * much time as a new one before failures disable it.
 * @throws TenureError as requireEndpoint; keys_unavailable, control_unavailable
 */
export async function prepareEndpoint(
  { store, keys, rules }: DeclareEndpointDependencies,
  spec: WebhookEndpointSpec,
): Promise<EndpointDeclaration> {
  await requireEndpoint(spec, rules);
  const uid = store.newId();
  const key = await keys.create(uid, spec.signature);
  const from = await store.log.size();
  return {
    uid,
    async write(tx, document, created) {
      if (!created) return await store.webhookProgress.forgive(tx, document._id);
      await store.webhookKeys.rotate(tx, { ...key.document, createTime: tx.time }, tx.time);
      await store.webhookProgress.begin(tx, uid, from);
    },
  };
}

/** Removes what belongs to an endpoint, in the commit that removes it. */
export async function removeEndpointParts(
  store: Pick<Store, 'webhookKeys' | 'webhookProgress' | 'webhookDeliveries'>,
  tx: Transaction,
  { _id: uid }: Pick<WebhookEndpointDocument, '_id'>,
): Promise<void> {
  await store.webhookKeys.removeAll(tx, uid);
  await store.webhookProgress.remove(tx, uid);
  await store.webhookDeliveries.removeAll(tx, uid);
}
