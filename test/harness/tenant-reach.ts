import { MongoClient } from 'mongodb';
import type { TenantAccess } from '../../contracts/tenant-access.ts';

/** Whether a credential of a tenant can read the tenant's own data. */
export async function canRead({ credential, endpoint, namespaces }: TenantAccess): Promise<boolean> {
  const client = new MongoClient(endpoint, {
    auth: credential,
    authSource: credential.authSource,
    authMechanism: 'SCRAM-SHA-256',
  });
  const [{ database, name } = { database: '', name: '' }] = namespaces ?? [];
  try {
    await client.db(database).command({ find: name, limit: 1 });
    return true;
  } catch {
    return false;
  } finally {
    await client.close();
  }
}
