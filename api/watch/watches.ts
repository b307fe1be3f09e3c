import type { StreamId, StreamQuery } from '../../contracts/streams.ts';
import { fitsFilter, parseTenantFilter } from '../../domain/tenant-filter.ts';
import type { Caller } from '../../engines/requests/caller.ts';
import type { Change } from '../../store/change-feed.ts';
import type { Store } from '../../store/store.ts';
import type { Authorize } from '../authorization.ts';
import { operationScope } from '../operation-scope.ts';
import { operationBody, tenantBody } from '../representations.ts';

/** A change as the caller sees it: an event without its id. */
export interface Shown {
  readonly event: string;
  readonly data: string;
}

/** Selects and encodes the changes that one caller may see. */
export type Show = (change: Change) => Shown | undefined;

/** The query and the caller of a stream. */
export interface WatchRequest<Id extends WatchId> {
  readonly query: StreamQuery<Id>;
  readonly caller: Caller;
}

/** The streams of changes. */
export type WatchId = Exclude<StreamId, 'watchEvents'>;

/** The content of each stream of changes. A refusal comes before the first event. */
export type Watches = { readonly [Id in WatchId]: (request: WatchRequest<Id>) => Promise<Show> };

export interface WatchesDependencies {
  readonly store: Pick<Store, 'resources'>;
  readonly authorize: Authorize;
}

/** Encodes a change once for all streams that show it. */
function createEncoder(): (change: Change, event: string, body: () => unknown) => Shown {
  const encoded = new WeakMap<Change, Shown>();
  return (change, event, body) => {
    const known = encoded.get(change);
    if (known?.event === event) return known;
    const shown = { event, data: JSON.stringify(body()) };
    encoded.set(change, shown);
    return shown;
  };
}

export function createWatches({ store, authorize }: WatchesDependencies): Watches {
  const encode = createEncoder();
  return {
    async watchTenants({ query: { name, ...text }, caller }) {
      const { confinedTo } = await authorize(caller, 'tenant.list', { kind: 'Tenant' });
      const visible = confinedTo === undefined ? undefined : new Set(confinedTo);
      const filter = parseTenantFilter(text);
      return (change) => {
        if (change.kind === 'operation') return undefined;
        const uid = change.kind === 'tenant' ? change.tenant._id : change.uid;
        if (visible?.has(uid) === false) return undefined;
        if (change.kind === 'tenantGone') return encode(change, 'gone', () => ({ uid }));
        const { tenant, facets } = change;
        if (name !== undefined && tenant.name !== name) return undefined;
        return fitsFilter(filter, tenant, facets)
          ? encode(change, 'tenant', () => tenantBody(tenant))
          : { event: 'gone', data: JSON.stringify({ uid }) };
      };
    },
    async watchOperations({ query: { tenant: name, id }, caller }) {
      const uids = await operationScope({ store, authorize }, name, caller);
      const visible = uids === undefined ? undefined : new Set(uids);
      return (change) => {
        if (change.kind !== 'operation' || (id !== undefined && change.operation._id !== id)) return undefined;
        if (visible?.has(change.operation.tenant.uid) === false) return undefined;
        return encode(change, 'operation', () => operationBody(change.operation));
      };
    },
  };
}
