import { abandonOperation } from '../../engines/changes/abandon-operation.ts';
import { cancelOperation } from '../../engines/changes/cancel-operation.ts';
import type { Caller } from '../../engines/requests/caller.ts';
import type { Failpoints } from '../../platform/failpoints.ts';
import type { OperationDocument } from '../../store/documents.ts';
import type { Store } from '../../store/store.ts';
import { absent } from '../authorization.ts';
import type { Authorize } from '../authorization.ts';
import { operationScope } from '../operation-scope.ts';
import type { OperationWatch } from '../operation-watch.ts';
import type { PageTokens } from '../page-token.ts';
import type { RouteHandlers } from '../reply.ts';
import { operationBody } from '../representations.ts';
import { listPage } from './list-page.ts';
import type { TenantChange } from './tenant-change.ts';

export interface OperationHandlerDependencies {
  readonly store: Store;
  readonly authorize: Authorize;
  readonly pageTokens: PageTokens;
  readonly watch: OperationWatch;
  readonly signalCancellation: TenantChange['signalCancellation'];
  readonly failpoints: Failpoints;
}

export function operationHandlers({
  store,
  authorize,
  pageTokens,
  watch,
  signalCancellation,
  failpoints,
}: OperationHandlerDependencies): Pick<
  RouteHandlers,
  'getOperation' | 'listOperations' | 'waitOperation' | 'cancelOperation' | 'abandonOperation'
> {
  async function read(id: string, caller: Caller): Promise<OperationDocument> {
    const operation = await store.operations.find(id);
    await authorize(caller, 'operation.get', {
      kind: 'Operation',
      ...(operation === undefined ? {} : { tenant: operation.tenant.uid }),
    });
    if (operation === undefined) throw absent({ kind: 'Operation' });
    return operation;
  }

  return {
    async getOperation({ params: { id }, caller }) {
      return { status: 200, body: operationBody(await read(id, caller)) };
    },
    async listOperations({ query, caller }) {
      const { tenant: name, state } = query;
      const tenants = await operationScope({ store, authorize }, name, caller);
      const filter = { tenants: tenants ?? null, state: state ?? null };
      const body = await listPage(pageTokens, 'operations', query, filter, {
        read: (before, limit) => ({
          documents: store.operations.scan({
            limit,
            ...(before === undefined ? {} : { before }),
            ...(tenants === undefined ? {} : { tenants }),
            ...(state === undefined ? {} : { state }),
          }),
        }),
        positionOf: (operation) => operation._id,
        show: operationBody,
      });
      return { status: 200, body };
    },
    async cancelOperation({ params: { id }, caller }) {
      const operation = await store.operations.find(id);
      const { policy } = await authorize(caller, 'operation.cancel', {
        kind: 'Operation',
        ...(operation === undefined ? {} : { tenant: operation.tenant.uid }),
      });
      if (operation === undefined) throw absent({ kind: 'Operation' });
      const cancelled = await cancelOperation({ store, failpoints }, operation, caller, policy);
      if (cancelled.state === 'cancelled') return { status: 200, body: operationBody(cancelled) };
      await signalCancellation(cancelled);
      return {
        status: 202,
        body: operationBody(cancelled),
        headers: { location: `/v1/operations/${cancelled._id}` },
        about: { operation: cancelled._id },
      };
    },
    async abandonOperation({ params: { id }, caller }) {
      const operation = await store.operations.find(id);
      const { policy } = await authorize(caller, 'operation.abandon', {
        kind: 'Operation',
        ...(operation === undefined ? {} : { tenant: operation.tenant.uid }),
      });
      if (operation === undefined) throw absent({ kind: 'Operation' });
      return { status: 200, body: operationBody(await abandonOperation(store, operation, caller, policy)) };
    },
    async waitOperation({ params: { id }, query: { timeoutSeconds }, caller }) {
      const operation = await read(id, caller);
      if (operation.unfinished !== true) return { status: 200, body: operationBody(operation) };
      const ended = await watch.ended(id, timeoutSeconds * 1000, caller.actor.subject);
      return { status: 200, body: operationBody(ended ?? (await store.operations.find(id)) ?? operation) };
    },
  };
}
