import { setTimeout as delay } from 'node:timers/promises';
import type { Caller } from '../../engines/registry/caller.ts';
import type { OperationDocument } from '../../store/documents.ts';
import type { Store } from '../../store/store.ts';
import { absent } from '../authorization.ts';
import type { Authorize } from '../authorization.ts';
import type { PageTokens } from '../page-token.ts';
import type { RouteHandlers } from '../reply.ts';
import { operationBody } from '../representations.ts';
import { listPage } from './list-page.ts';

export interface OperationHandlerDependencies {
  readonly store: Pick<Store, 'operations' | 'resources'>;
  readonly authorize: Authorize;
  readonly pageTokens: PageTokens;
  /** Aborted when the process stops: whoever waits is answered with what there is. */
  readonly stopping: AbortSignal;
}

/** Looks come a tenth of the time waited apart, so that an answer is late by no more than that. */
const lookShare = 0.1;
const minLookMs = 10;
const maxLookMs = 250;

export function operationHandlers({ store, authorize, pageTokens, stopping }: OperationHandlerDependencies): Pick<RouteHandlers, 'getOperation' | 'listOperations' | 'waitOperation'> {
  async function read(id: string, caller: Caller): Promise<OperationDocument> {
    const operation = await store.operations.find(id);
    await authorize(caller, 'operation.get', { kind: 'Operation', ...(operation === undefined ? {} : { tenant: operation.tenant.uid }) });
    if (operation === undefined) throw absent({ kind: 'Operation' });
    return operation;
  }

  return {
    async getOperation({ params: { id }, caller }) {
      return { status: 200, body: operationBody(await read(id, caller)) };
    },
    async listOperations({ query, caller }) {
      const { tenant: name, state } = query;
      const tenant = name === undefined ? undefined : await store.resources.find('Tenant', name);
      if (name !== undefined) {
        await authorize(caller, 'tenant.get', { kind: 'Tenant', name, ...(tenant === undefined ? {} : { tenant: tenant._id }) });
        if (tenant === undefined) throw absent({ kind: 'Tenant', name });
      }
      const { confinedTo } = await authorize(caller, 'operation.list', { kind: 'Operation' });
      const tenants = tenant === undefined ? confinedTo : [tenant._id];
      const filter = { tenants: tenants ?? null, state: state ?? null };
      const body = await listPage(pageTokens, 'operations', query, filter, {
        read: (before, limit) => store.operations.list({ limit, ...(before === undefined ? {} : { before }), ...(tenants === undefined ? {} : { tenants }), ...(state === undefined ? {} : { state }) }),
        positionOf: (operation) => operation._id,
        show: operationBody,
      });
      return { status: 200, body };
    },
    async waitOperation({ params: { id }, query: { timeoutSeconds }, caller }) {
      const began = Date.now();
      const deadline = began + timeoutSeconds * 1000;
      let operation = await read(id, caller);
      while (operation.unfinished === true && Date.now() < deadline && !stopping.aborted) {
        const lookMs = Math.min(Math.max((Date.now() - began) * lookShare, minLookMs), maxLookMs, deadline - Date.now());
        await delay(lookMs, undefined, { signal: stopping }).catch(() => undefined);
        operation = (await store.operations.find(id)) ?? operation;
      }
      return { status: 200, body: operationBody(operation) };
    },
  };
}
