import type { IsolationMode, ServiceStrategy } from '../contracts/lifecycle.ts';
import type { CollectionSpec, TenantSpec } from '../contracts/manifests/tenant.ts';
import { declaredCollections, strategyOf } from './isolation.ts';

/** Where the collections of pooled services lie, those of all tenants of a cell together. */
export const poolDatabase = 'tenure_pool';

/** A declared collection and the name that it has on the cell. */
export interface HomeNamespace {
  readonly declared: CollectionSpec;
  readonly database: string;
  readonly name: string;
}

/**
 * Where everything of one tenant lies on its cell. Each name is in a database of the tenant's own, or holds its uid; so
 * none is ever used again, and none is another tenant's.
 */
export interface HomeLayout {
  /** Identity of its claim. */
  readonly claim: string;
  /** Where its user is; what `status.placement.database` says. */
  readonly database: string;
  /** The database in which everything is the tenant's; absent where it has none. */
  readonly ownDatabase?: string;
  /** Whether some of it may lie in the {@link poolDatabase}. */
  readonly usesPool: boolean;
  /** The one that counts; others of the tenant's are what an attempt has left. */
  readonly user: string;
  readonly roles: { readonly database: string; readonly readWrite: string; readonly readOnly: string };
  readonly namespaces: readonly HomeNamespace[];
}

/** The pooled name of a collection. */
export function pooledName(collection: string, uid: string): string {
  return `${collection}_${uid}`;
}

const pooled = /^(?!system\.)(?<collection>.+)_(?<uid>[0-7][0-9a-hjkmnp-tv-z]{25})$/s;

/** Whose a collection in the pool is, read from its end: uids have one length and no underscore, names of collections may have any. */
export function parsePooledName(name: string): { readonly collection: string; readonly uid: string } | undefined {
  const { collection, uid } = pooled.exec(name)?.groups ?? {};
  return collection === undefined || uid === undefined ? undefined : { collection, uid };
}

const own = (uid: string): string => `tenant_${uid}`;

/**
 * A name for a user of the tenant that is made now. `nonce` is never used twice, so a command that makes or changes a user under an
 * earlier name means nothing to this one.
 */
export function userName(uid: string, nonce: string): string {
  return `${own(uid)}_${nonce}`;
}

/** What the name of every user of the tenant's begins with. */
export const userPrefix = own;

function frameOf(uid: string, mode: IsolationMode): Omit<HomeLayout, 'namespaces' | 'user'> {
  const rolesByUid = { readWrite: `${own(uid)}_read_write`, readOnly: `${own(uid)}_read_only` };
  switch (mode) {
    case 'dedicated':
      return {
        claim: own(uid),
        database: own(uid),
        ownDatabase: own(uid),
        usesPool: false,
        roles: { database: own(uid), readWrite: 'tenant_read_write', readOnly: 'tenant_read_only' },
      };
    case 'schema':
      return {
        claim: `${poolDatabase}/${uid}`,
        database: poolDatabase,
        usesPool: true,
        roles: { database: poolDatabase, ...rolesByUid },
      };
    case 'hybrid':
      // Only roles in `admin` may be about several databases.
      return {
        claim: own(uid),
        database: own(uid),
        ownDatabase: own(uid),
        usesPool: true,
        roles: { database: 'admin', ...rolesByUid },
      };
  }
}

function namespaceOf(uid: string, declared: CollectionSpec, strategy: ServiceStrategy): HomeNamespace {
  if (strategy === 'schema') return { declared, database: poolDatabase, name: pooledName(declared.name, uid) };
  return { declared, database: own(uid), name: declared.name };
}

export interface TenantHome {
  readonly uid: string;
  readonly spec: TenantSpec;
  readonly mode: IsolationMode;
  /** Name of its user; absent where none was made, or by a build that named it by the uid alone. */
  readonly user?: string | null;
}

/** Where a tenant of this uid and spec lies in this mode. */
export function layoutOf({ uid, spec, mode, user }: TenantHome): HomeLayout {
  const strategies = new Map(
    spec.services.flatMap((service) =>
      service.collections.map(({ name }) => [name, strategyOf(service, mode)] as const),
    ),
  );
  return {
    ...frameOf(uid, mode),
    user: user ?? own(uid),
    namespaces: declaredCollections(spec).map((declared) =>
      namespaceOf(uid, declared, strategies.get(declared.name) ?? 'dedicated'),
    ),
  };
}

/** Everything that may stand of a tenant on its cell, for people. */
export function standingAt(of: {
  readonly uid: string;
  readonly spec: TenantSpec;
  readonly mode: IsolationMode;
}): string[] {
  const { claim, ownDatabase, database, roles, namespaces } = layoutOf(of);
  return [
    `claim ${claim}`,
    ...(ownDatabase === undefined ? [] : [`database ${ownDatabase}, with all that is in it`]),
    ...namespaces
      .filter((namespace) => namespace.database !== ownDatabase)
      .map((namespace) => `collection ${namespace.database}.${namespace.name}`),
    ...[roles.readWrite, roles.readOnly].map((role) => `role ${roles.database}.${role}`),
    `users in ${database} whose names begin with ${userPrefix(of.uid)}`,
  ];
}
