import { setTimeout as delay } from 'node:timers/promises';
import { MongoClient, MongoServerError } from 'mongodb';
import type { ClientSession, Collection } from 'mongodb';
import type { TenantAccess } from '../../contracts/tenant-access.ts';
import type { Asker } from './asking.ts';
import type { Chance } from './chance.ts';
import type { Recollection, WrittenDocument } from './recollection.ts';

/** A document as an application writes it. It names its tenant, so its owner is known wherever it is found. */
export interface TenantDocument {
  readonly _id: string;
  readonly tenant: string;
  readonly sku: string;
}

/** Collections that a tenant has from the start. One that is added later is removed if its operation is undone. */
const writtenTo = ['orders', 'events'];

export interface Applications {
  readonly asker: Asker;
  readonly recollection: Recollection;
  readonly chance: Chance;
  /** The latest access of each tenant, for the other applications to try. */
  readonly opened: Map<string, TenantAccess>;
  readonly stop: AbortSignal;
}

interface Connection {
  readonly access: TenantAccess;
  readonly client: MongoClient;
}

const openTimeoutMs = 4_000;
const commandTimeoutMs = 3_000;
const pauseMs = 150;
const transactionShare = 0.1;
const longestTransactionMs = 1_500;
const trespassShare = 0.05;
/** The error code of mongod for a command that is not authorized. */
const unauthorized = 13;
/** After this many failed writes in a row, an application requests access again. */
const refusalsBeforeOpen = 3;

function connect(access: TenantAccess): Connection {
  const { username, password, authSource } = access.credential;
  const client = new MongoClient(access.endpoint, {
    auth: { username, password },
    authSource,
    authMechanism: 'SCRAM-SHA-256',
    maxPoolSize: 2,
    serverSelectionTimeoutMS: commandTimeoutMs,
    connectTimeoutMS: commandTimeoutMs,
    socketTimeoutMS: commandTimeoutMs,
    writeConcern: { w: 'majority' },
  });
  return { access, client };
}

function collectionOf(
  { access, client }: Connection,
  collection: string,
  of = access,
): Collection<TenantDocument> | undefined {
  const namespace = of.namespaces?.find((one) => one.collection === collection);
  return namespace === undefined ? undefined : client.db(namespace.database).collection<TenantDocument>(namespace.name);
}

/** Writes to one tenant with the tenant's own credential, and keeps trying when the credential is refused. */
export async function liveAsApplication(
  { asker, recollection, chance, opened, stop }: Applications,
  name: string,
): Promise<void> {
  const subject = `app-of-${name}`;
  let connection: Connection | undefined;
  let refusals = 0;
  let written = 0;

  async function open(): Promise<void> {
    try {
      const { body } = await asker
        .client(subject)
        .call('openTenant', { params: { name }, body: {}, signal: AbortSignal.timeout(openTimeoutMs) });
      opened.set(name, body);
      const before = connection;
      if (
        before?.access.credential.username === body.credential.username &&
        before.access.tenant.uid === body.tenant.uid
      )
        return;
      connection = connect(body);
      await before?.client.close(true);
    } catch {
      // The tenant is not Active, or no API answers.
    }
  }

  /** Inserts in a transaction that stays open for a while. Returns the time at which its commit was sent. */
  async function insertInTransaction(
    session: ClientSession,
    collection: Collection<TenantDocument>,
    document: TenantDocument,
  ): Promise<number> {
    session.startTransaction({ writeConcern: { w: 'majority' } });
    await collection.insertOne(document, { session });
    await delay(chance.number(longestTransactionMs));
    const sentAt = Date.now();
    await session.commitTransaction();
    return sentAt;
  }

  async function write(within: Connection): Promise<void> {
    const declared = chance.one(writtenTo);
    const collection = collectionOf(within, declared);
    if (collection === undefined) return;
    const { uid } = within.access.tenant;
    written += 1;
    const id = `${name}-${written}`;
    const document: TenantDocument = { _id: id, tenant: uid, sku: id };
    const attempt: WrittenDocument = { id, uid, collection: declared, sentAt: Date.now() };
    recollection.documents.push(attempt);
    if (chance.happens(transactionShare)) {
      await within.client.withSession(async (session) => {
        attempt.sentAt = await insertInTransaction(session, collection, document);
      });
    } else {
      await collection.insertOne(document);
    }
    attempt.acknowledgedAt = Date.now();
  }

  /** Tries to read and write another tenant's data. */
  async function trespass(within: Connection): Promise<void> {
    const other = chance.one([...opened.values()]);
    if (other.tenant.uid === within.access.tenant.uid) return;
    const collection = collectionOf(within, chance.one(writtenTo), other);
    if (collection === undefined) return;
    const told = `${within.access.tenant.uid} in ${collection.namespace} of ${other.tenant.uid}`;
    const tries: readonly [string, () => Promise<unknown>][] = [
      ['read', () => collection.findOne({})],
      [
        'wrote',
        () =>
          collection.insertOne({
            _id: `foreign-${name}-${written}`,
            tenant: within.access.tenant.uid,
            sku: `foreign-${name}-${written}`,
          }),
      ],
    ];
    for (const [did, attempt] of tries) {
      try {
        await attempt();
        recollection.trespasses.push(`${did}: ${told}`);
      } catch (error) {
        if (error instanceof MongoServerError && error.code === unauthorized) recollection.refusedTrespasses += 1;
      }
    }
  }

  while (!stop.aborted) {
    await delay(chance.number(2 * pauseMs));
    if (connection === undefined || refusals >= refusalsBeforeOpen) {
      refusals = 0;
      await open();
    }
    if (connection === undefined) continue;
    try {
      if (chance.happens(trespassShare)) await trespass(connection);
      await write(connection);
      refusals = 0;
    } catch {
      refusals += 1;
    }
  }
  await connection?.client.close(true);
}
