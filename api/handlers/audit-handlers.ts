import type { AuditEntry } from '../../contracts/audit.ts';
import type { RouteQuery } from '../../contracts/routes.ts';
import type { Caller } from '../../engines/requests/caller.ts';
import type { AuditedEntry, AuditSearch } from '../../store/audit.ts';
import type { Store } from '../../store/store.ts';
import { absent } from '../authorization.ts';
import type { Authorize } from '../authorization.ts';
import { uidOfTenant } from '../known-tenant.ts';
import type { PageTokens } from '../page-token.ts';
import type { RouteHandlers } from '../reply.ts';
import { listPage } from './list-page.ts';

export interface AuditHandlerDependencies {
  readonly store: Pick<Store, 'audit' | 'resources' | 'tombstones'>;
  readonly authorize: Authorize;
  readonly pageTokens: PageTokens;
}

function entryBody({ entry, subject, onBehalfOf, position }: AuditedEntry): AuditEntry {
  return {
    entry,
    actor: {
      ...(subject === undefined ? {} : { subject }),
      ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
    },
    ...(position === undefined ? {} : { log: position }),
  };
}

export function auditHandlers({
  store,
  authorize,
  pageTokens,
}: AuditHandlerDependencies): Pick<RouteHandlers, 'listAuditEntries' | 'getAuditEntry'> {
  /** What the caller asks for, of what it may see. */
  async function searchOf(
    { tenant, from, to, pageSize: _size, pageToken: _token, ...query }: RouteQuery<'listAuditEntries'>,
    caller: Caller,
  ): Promise<AuditSearch> {
    const { confinedTo } = await authorize(caller, 'audit.list', { kind: 'Entry' });
    const tenants = tenant === undefined ? confinedTo : [await uidOfTenant({ store, authorize }, tenant, caller)];
    const given = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined));
    return {
      ...given,
      ...(tenants === undefined ? {} : { tenants }),
      ...(from === undefined ? {} : { from: new Date(from) }),
      ...(to === undefined ? {} : { to: new Date(to) }),
    };
  }

  return {
    async listAuditEntries({ query, caller }) {
      const search = await searchOf(query, caller);
      const filter = {
        ...search,
        ...(search.from === undefined ? {} : { from: search.from.toISOString() }),
        ...(search.to === undefined ? {} : { to: search.to.toISOString() }),
      };
      const body = await listPage(pageTokens, 'audit', query, filter, {
        read: (before, limit) => ({
          documents: store.audit.search(search, { limit, ...(before === undefined ? {} : { before }) }),
        }),
        positionOf: ({ id }) => id,
        show: entryBody,
      });
      return { status: 200, body };
    },
    async getAuditEntry({ params: { id }, caller }) {
      const found = await store.audit.find(id);
      await authorize(caller, 'audit.get', {
        kind: 'Entry',
        ...(found === undefined || found.tenant === null ? {} : { tenant: found.tenant }),
      });
      if (found === undefined) throw absent({ kind: 'Entry' });
      return { status: 200, body: entryBody(found) };
    },
  };
}
