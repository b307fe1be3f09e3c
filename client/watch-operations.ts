import type { Operation } from '../contracts/operation.ts';
import type { ApiClient } from './api-client.ts';
import { follow } from './follow.ts';

/** News from a watch: first the latest operations, newest first, then each change. */
export type OperationNews =
  | { readonly kind: 'listed'; readonly operations: readonly Operation[] }
  | { readonly kind: 'changed'; readonly operation: Operation };

export interface WatchOperationsOptions {
  /** Only operations of this tenant. */
  readonly tenant?: string;
  /** How many of the latest operations to list at the start. Default 100. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

/**
 * Follows operations: first the latest ones, then each change, including new operations. Errors as in {@link follow}.
 */
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
