import { MongoClient, MongoError } from 'mongodb';
import type { ClientSession } from 'mongodb';
import type { KnownTenant } from './standing.ts';
import type { TestBed } from './test-bed.ts';

/** A transaction of the tenant's own user that has written something but has not committed. */
export interface OpenTransaction {
  /** Resolves with whether mongod accepted the commit. */
  commits(): Promise<boolean>;
  close(): Promise<void>;
}

/** Begins a transaction as the tenant. It must not commit after the access of the tenant is revoked. */
export async function beginTransaction({ api }: TestBed, { name }: KnownTenant): Promise<OpenTransaction> {
  const { body: access } = await api.call('openTenant', { params: { name }, body: {} });
  const { username, password, authSource } = access.credential;
  const orders = access.namespaces?.find(({ collection }) => collection === 'orders');
  if (orders === undefined) throw new Error(`tenant ${name} has no collection "orders"`);
  const client = new MongoClient(access.endpoint, {
    auth: { username, password },
    authSource,
    authMechanism: 'SCRAM-SHA-256',
    maxPoolSize: 1,
  });
  const session = client.startSession();
  try {
    await writeInTransaction(session, () =>
      client.db(orders.database).collection(orders.name).insertOne({ sku: 'not committed' }, { session }),
    );
  } catch (error) {
    // An open client would keep the process from ending.
    await client.close(true);
    throw error;
  }
  return {
    commits: () =>
      session.commitTransaction().then(
        () => true,
        () => false,
      ),
    async close() {
      await session.endSession().catch(() => undefined);
      await client.close(true);
    },
  };
}

/** Writes in a transaction that stays open. A transient failure, as after a change of the collection, begins it again. */
async function writeInTransaction(session: ClientSession, write: () => Promise<unknown>): Promise<void> {
  for (;;) {
    session.startTransaction();
    try {
      await write();
      return;
    } catch (error) {
      await session.abortTransaction();
      if (!(error instanceof MongoError) || !error.hasErrorLabel('TransientTransactionError')) throw error;
    }
  }
}
