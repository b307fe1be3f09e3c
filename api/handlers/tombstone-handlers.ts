import type { Tombstone } from '../../contracts/tombstone.ts';
import type { TombstoneDocument } from '../../store/documents.ts';
import type { Store } from '../../store/store.ts';
import { absent } from '../authorization.ts';
import type { Authorize } from '../authorization.ts';
import type { PageTokens } from '../page-token.ts';
import type { RouteHandlers } from '../reply.ts';
import { listPage } from './list-page.ts';

export interface TombstoneHandlerDependencies {
  readonly store: Pick<Store, 'tombstones'>;
  readonly authorize: Authorize;
  readonly pageTokens: PageTokens;
}

function tombstoneBody({
  _id,
  name,
  createTime,
  deleteTime,
  purgeTime,
  generation,
  placement,
  operationId,
  ledgerEntry,
}: TombstoneDocument): Tombstone {
  return {
    uid: _id,
    name,
    createTime: createTime.toISOString(),
    deleteTime: deleteTime.toISOString(),
    purgeTime: purgeTime.toISOString(),
    generation,
    ...(placement === null ? {} : { placement }),
    operationId,
    ledgerEntry,
  };
}

export function tombstoneHandlers({
  store,
  authorize,
  pageTokens,
}: TombstoneHandlerDependencies): Pick<RouteHandlers, 'listTombstones' | 'getTombstone'> {
  return {
    async listTombstones({ query, caller }) {
      const { confinedTo } = await authorize(caller, 'tenant.list', { kind: 'Tenant' });
      const body = await listPage(
        pageTokens,
        'tombstones',
        query,
        { name: query.name ?? null, confinedTo: confinedTo ?? null },
        {
          read: (before, limit) => ({
            documents: store.tombstones.scan({
              limit,
              ...(before === undefined ? {} : { before }),
              ...(query.name === undefined ? {} : { name: query.name }),
              ...(confinedTo === undefined ? {} : { uids: confinedTo }),
            }),
          }),
          positionOf: (tombstone) => tombstone._id,
          show: tombstoneBody,
        },
      );
      return { status: 200, body };
    },
    async getTombstone({ params: { uid }, caller }) {
      const tombstone = await store.tombstones.find(uid);
      await authorize(caller, 'tenant.get', { kind: 'Tenant', ...(tombstone === undefined ? {} : { tenant: uid }) });
      if (tombstone === undefined) throw absent({ kind: 'Tenant' });
      return { status: 200, body: tombstoneBody(tombstone) };
    },
  };
}
