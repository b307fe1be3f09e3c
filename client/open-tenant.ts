import { performance } from 'node:perf_hooks';
import { MongoClient } from 'mongodb';
import type { Collection, Db, Document } from 'mongodb';
import type { TenantAccess } from '../contracts/tenant-access.ts';
import type { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';

/** Why a tenant's handle was closed. */
export type ClosedBecause = 'closed by its holder' | 'the lease ran out' | 'access was taken away';

/** A database handle that can access only one tenant, while its lease is valid. */
export interface OpenTenant {
  readonly name: string;
  readonly uid: string;
  readonly region: string;
  readonly collections: readonly string[];
  /** The MongoDB user of the connection. It changes whenever access is granted again. */
  readonly user: string;
  /**
   * The tenant's own database. In mode `schema` it is a shared database: use {@link collection} to access its
   * collections.
   */
  readonly db: Db;
  /** A collection by its declared name, in any database. @throws TypeError if the tenant does not declare it */
  collection<Schema extends Document = Document>(name: string): Collection<Schema>;
  /** Resolves when the handle has been closed, for any reason. After that, it can no longer be used. */
  readonly closed: Promise<ClosedBecause>;
  close(): Promise<void>;
}

export interface OpenTenantOptions {
  /** Maximum number of connections to the tenant's cell. Default 10. */
  readonly maxPoolSize?: number;
}

/** The lease is renewed after this share of its duration. */
const renewAfterShare = 1 / 3;
const retryRenewalMs = 2_000;

function connect({ endpoint, credential }: TenantAccess, maxPoolSize: number): MongoClient {
  return new MongoClient(endpoint, {
    appName: 'tenure-client',
    auth: { username: credential.username, password: credential.password },
    authSource: credential.authSource,
    authMechanism: 'SCRAM-SHA-256',
    maxPoolSize,
    // A write on only one member can be lost, so tenant writes are acknowledged only by a majority.
    writeConcern: { w: 'majority' },
    readConcernLevel: 'majority',
  });
}

function namespaceOf(
  { namespaces, collections, database }: TenantAccess,
  collection: string,
): { readonly database: string; readonly name: string } | undefined {
  if (namespaces !== undefined) return namespaces.find((namespace) => namespace.collection === collection);
  return collections.includes(collection) ? { database, name: collection } : undefined;
}

/**
 * Opens a tenant by name: gets its location and credential from the API, under a lease that is renewed in the
 * background. When the lease is lost, the connections are closed, so a client without the right can no longer write.
 * @throws ApiError if policy does not allow it or the tenant does not exist
 */
export async function openTenant(
  api: ApiClient,
  name: string,
  { maxPoolSize = 10 }: OpenTenantOptions = {},
): Promise<OpenTenant> {
  const requestAccess = async (leaseId?: string): Promise<{ access: TenantAccess; until: number }> => {
    // Counted from before the request, so that the lease never ends later here than at the API.
    const requestedAt = performance.now();
    const { body: access } = await api.call('openTenant', {
      params: { name },
      body: leaseId === undefined ? {} : { leaseId },
    });
    return { access, until: requestedAt + access.lease.durationMs };
  };
  const { access, until: firstUntil } = await requestAccess();
  const client = connect(access, maxPoolSize);
  try {
    await client.connect();
  } catch (error) {
    await client.close();
    throw error;
  }
  const db = client.db(access.database);

  let until = firstUntil;
  let open = true;
  let renewal: NodeJS.Timeout | undefined;
  let expiry: NodeJS.Timeout | undefined;
  let resolveClosed: (because: ClosedBecause) => void = () => undefined;
  const closed = new Promise<ClosedBecause>((resolve) => {
    resolveClosed = resolve;
  });

  async function end(because: ClosedBecause): Promise<void> {
    if (!open) return;
    open = false;
    clearTimeout(renewal);
    clearTimeout(expiry);
    await client.close(true);
    resolveClosed(because);
  }

  function watch(): void {
    clearTimeout(expiry);
    expiry = setTimeout(() => void end('the lease ran out'), Math.max(0, until - performance.now()));
    expiry.unref();
  }

  function renewIn(delayMs: number): void {
    renewal = setTimeout(() => void renew(), delayMs);
    renewal.unref();
  }

  async function renew(): Promise<void> {
    try {
      const renewed = await requestAccess(access.lease.id);
      if (!open) return;
      if (renewed.access.lease.epoch !== access.lease.epoch) {
        await end('access was taken away');
        return;
      }
      until = renewed.until;
      watch();
      renewIn(renewed.access.lease.durationMs * renewAfterShare);
    } catch (error) {
      if (!open) return;
      if (error instanceof ApiError && error.problem.status < 500) await end('access was taken away');
      else renewIn(retryRenewalMs);
    }
  }

  watch();
  renewIn(access.lease.durationMs * renewAfterShare);

  return {
    name,
    uid: access.tenant.uid,
    region: access.region,
    collections: access.collections,
    user: access.credential.username,
    db,
    collection(collectionName) {
      const namespace = namespaceOf(access, collectionName);
      if (namespace !== undefined) return client.db(namespace.database).collection(namespace.name);
      throw new TypeError(
        `tenant "${name}" does not declare a collection "${collectionName}"; it declares ${access.collections.join(', ')}`,
      );
    },
    closed,
    close: () => end('closed by its holder'),
  };
}
