import type { Operation } from '../contracts/operation.ts';
import type { ApiClient } from './api-client.ts';
import { follow } from './follow.ts';

/** What a watch tells: the latest operations, newest first, and from then on each as it changes. */
export type OperationNews =
  | { readonly kind: 'listed'; readonly operations: readonly Operation[] }
  | { readonly kind: 'changed'; readonly operation: Operation };

export interface WatchOperationsOptions {
  /** Only those of this tenant. */
  readonly tenant?: string;
  /** So many of the latest are listed at the beginning. Default 100. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

/** Follows operations: first the latest, then each change of one, new ones among them. As {@link follow}. */
export function watchOperations(
  api: ApiClient,
  { tenant, limit = 100, signal }: WatchOperationsOptions = {},
): AsyncGenerator<OperationNews> {
  const query = tenant === undefined ? {} : { tenant };
  return follow<'watchOperations', OperationNews>(api, 'watchOperations', {
    query,
    async list() {
      const { body } = await api.call('listOperations', {
        query: { ...query, pageSize: limit },
        ...(signal === undefined ? {} : { signal }),
      });
      return { kind: 'listed', operations: body.items };
    },
    news: ({ event, data }) => (event === 'operation' ? { kind: 'changed', operation: data } : undefined),
    signal,
  });
}
