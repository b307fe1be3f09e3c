import { MongoClient } from 'mongodb';
import type { TenantAccess } from '../../contracts/tenant-access.ts';

/** Connects as the tenant does. */
export function connectAsTenant({ credential, endpoint }: Pick<TenantAccess, 'credential' | 'endpoint'>): MongoClient {
  return new MongoClient(endpoint, {
    auth: credential,
    authSource: credential.authSource,
    authMechanism: 'SCRAM-SHA-256',
  });
}

/** Whether a credential of a tenant can read the tenant's own data. */
export async function canRead(access: TenantAccess): Promise<boolean> {
  const client = connectAsTenant(access);
  const [{ database, name } = { database: '', name: '' }] = access.namespaces ?? [];
  try {
    await client.db(database).command({ find: name, limit: 1 });
    return true;
  } catch {
    return false;
  } finally {
    await client.close();
  }
}
