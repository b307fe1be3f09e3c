import type { WebhookEndpointDocument } from '../../store/documents.ts';

/** What is sent to an endpoint: events as they happen; nothing, as declared; nothing, as judged; nothing any more. */
export type EndpointState = 'sending' | 'paused' | 'disabled' | 'removed';

/** The state of an endpoint, as declared and judged. Undefined: it is not declared. */
export function stateOf(endpoint: WebhookEndpointDocument | undefined): EndpointState {
  if (endpoint === undefined) return 'removed';
  if (endpoint.disabled !== null) return 'disabled';
  return endpoint.spec.enabled ? 'sending' : 'paused';
}
