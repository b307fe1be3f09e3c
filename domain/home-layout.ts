import type { IsolationMode, ServiceStrategy } from '../contracts/lifecycle.ts';
import type { CollectionSpec, TenantSpec } from '../contracts/manifests/tenant.ts';
import { declaredCollections, strategyOf } from './isolation.ts';

/** The database of all pooled collections of a cell, of all its tenants together. */
export const poolDatabase = 'tenure_pool';

/** A declared collection and its name on the cell. */
export interface HomeNamespace {
  readonly declared: CollectionSpec;
  readonly database: string;
  readonly name: string;
}

/**
 * Where everything of one tenant is on its cell. Each name is in the tenant's own database or contains its uid, so no
 * name is ever reused or shared with another tenant.
 */
export interface HomeLayout {
  /** Id of its claim. */
  readonly claim: string;
  /** The database of its user; shown as `status.placement.database`. */
  readonly database: string;
  /** The tenant's own database, in which everything is its own; absent if it has none. */
  readonly ownDatabase?: string;
  /** Whether some of it may be in the {@link poolDatabase}. */
  readonly usesPool: boolean;
  /** The current user; any other user of the tenant is left over from an earlier attempt. */
  readonly user: string;
  readonly roles: { readonly database: string; readonly readWrite: string; readonly readOnly: string };
  readonly namespaces: readonly HomeNamespace[];
}

/** The pooled name of a collection. */
export function pooledName(collection: string, uid: string): string {
  return `${collection}_${uid}`;
}

const pooled = /^(?!system\.)(?<collection>.+)_(?<uid>[0-7][0-9a-hjkmnp-tv-z]{25})$/s;

/**
 * The owner of a pooled collection, parsed from the end: a uid has a fixed length and no underscore, a collection's
 * name may have any.
 */
export function parsePooledName(name: string): { readonly collection: string; readonly uid: string } | undefined {
  const { collection, uid } = pooled.exec(name)?.groups ?? {};
  return collection === undefined || uid === undefined ? undefined : { collection, uid };
}

const ownName = (uid: string): string => `tenant_${uid}`;

/**
 * The name for a new user of the tenant. `nonce` is never used twice, so a late command for an earlier user cannot
 * affect this one.
 */
export function userName(uid: string, nonce: string): string {
  return `${ownName(uid)}_${nonce}`;
}

/** The prefix of the names of all the tenant's users. */
export const userPrefix = ownName;

function baseLayoutOf(uid: string, mode: IsolationMode): Omit<HomeLayout, 'namespaces' | 'user'> {
  const rolesByUid = { readWrite: `${ownName(uid)}_read_write`, readOnly: `${ownName(uid)}_read_only` };
  switch (mode) {
    case 'dedicated':
      return {
        claim: ownName(uid),
        database: ownName(uid),
        ownDatabase: ownName(uid),
        usesPool: false,
        roles: { database: ownName(uid), readWrite: 'tenant_read_write', readOnly: 'tenant_read_only' },
      };
    case 'schema':
      return {
        claim: `${poolDatabase}/${uid}`,
        database: poolDatabase,
        usesPool: true,
        roles: { database: poolDatabase, ...rolesByUid },
      };
    case 'hybrid':
      // Only roles in `admin` can grant rights on several databases.
      return {
        claim: ownName(uid),
        database: ownName(uid),
        ownDatabase: ownName(uid),
        usesPool: true,
        roles: { database: 'admin', ...rolesByUid },
      };
  }
}

function namespaceOf(uid: string, declared: CollectionSpec, strategy: ServiceStrategy): HomeNamespace {
  if (strategy === 'schema') return { declared, database: poolDatabase, name: pooledName(declared.name, uid) };
  return { declared, database: ownName(uid), name: declared.name };
}

export interface TenantHome {
  readonly uid: string;
  readonly spec: TenantSpec;
  readonly mode: IsolationMode;
  /** Name of its user; absent if none was made, or if an older build named it by the uid alone. */
  readonly user?: string | null;
}

/** The layout of a tenant with this uid and spec in this mode. */
export function layoutOf({ uid, spec, mode, user }: TenantHome): HomeLayout {
  const strategies = new Map(
    spec.services.flatMap((service) =>
      service.collections.map(({ name }) => [name, strategyOf(service, mode)] as const),
    ),
  );
  return {
    ...baseLayoutOf(uid, mode),
    user: user ?? ownName(uid),
    namespaces: declaredCollections(spec).map((declared) =>
      namespaceOf(uid, declared, strategies.get(declared.name) ?? 'dedicated'),
    ),
  };
}

/** Everything of a tenant that may exist on its cell, for people to read. */
export function standingAt(of: {
  readonly uid: string;
  readonly spec: TenantSpec;
  readonly mode: IsolationMode;
}): string[] {
  const { claim, ownDatabase, database, roles, namespaces } = layoutOf(of);
  return [
    `claim ${claim}`,
    ...(ownDatabase === undefined ? [] : [`database ${ownDatabase}, with everything in it`]),
    ...namespaces
      .filter((namespace) => namespace.database !== ownDatabase)
      .map((namespace) => `collection ${namespace.database}.${namespace.name}`),
    ...[roles.readWrite, roles.readOnly].map((role) => `role ${roles.database}.${role}`),
    `users in ${database} with names that begin with ${userPrefix(of.uid)}`,
  ];
}
