import { randomBytes } from 'node:crypto';
import { MongoClient } from 'mongodb';
import type { Document } from 'mongodb';
import { stepPlans } from '../../../domain/step-plan.ts';
import { tenantManifest } from '../../harness/manifests.ts';

const majority = { writeConcern: { w: 'majority', journal: true } } as const;

/**
 * The MongoDB commands that make a tenant, with the plain driver and nothing around them: on the control deployment one
 * transaction of three documents for accepting, beginning, each step and the end; on the cell one claim, the collections
 * with their validators and indexes, two roles, a user, and one connection of that user with one read.
 */
export async function rawActivation(control: MongoClient, cell: MongoClient, cellEndpoint: string, name: string): Promise<void> {
  const commits = control.db('tenure_bench_floor');
  const commit = async (step: string): Promise<void> => {
    await control.withSession((session) =>
      session.withTransaction(async () => {
        await commits.collection<{ _id: string }>('resources').updateOne({ _id: name }, { $set: { step } }, { upsert: true, session });
        await commits.collection<{ _id: string }>('operations').updateOne({ _id: name }, { $set: { step } }, { upsert: true, session });
        await commits.collection('ledger').insertOne({ name, step, bytes: randomBytes(700) }, { session });
      }, { readConcern: { level: 'snapshot' }, ...majority }),
    );
  };
  await commit('accept');
  await commit('begin');

  const home = cell.db(`floor_${name}`);
  const password = randomBytes(32).toString('base64url');
  const { services } = tenantManifest(name).spec;
  const collections = services.flatMap((service) => service.collections);
  await cell.db('tenure_bench_floor').collection<{ _id: string }>('claims').insertOne({ _id: name }, majority);
  for (const collection of collections) {
    await home.command({ create: collection.name, ...(collection.jsonSchema === undefined ? {} : { validator: { $jsonSchema: collection.jsonSchema } }) });
    const indexes = (collection.indexes ?? []).map((index): Document => ({
      key: Object.fromEntries(index.keys.map((key) => [key.field, key.order ?? 1])),
      name: index.keys.map((key) => key.field).join('_'),
    }));
    if (indexes.length > 0) await home.command({ createIndexes: collection.name, indexes });
  }
  for (const role of ['read_write', 'read_only']) {
    const privileges = collections.map((collection) => ({ resource: { db: home.databaseName, collection: collection.name }, actions: ['find', 'insert', 'update', 'remove'] }));
    await home.command({ createRole: role, privileges, roles: [], writeConcern: { w: 'majority' } });
  }
  await home.command({ createUser: name, pwd: password, roles: [{ role: 'read_write', db: home.databaseName }], mechanisms: ['SCRAM-SHA-256'], writeConcern: { w: 'majority' } });
  const tenant = new MongoClient(cellEndpoint, { auth: { username: name, password }, authSource: home.databaseName, authMechanism: 'SCRAM-SHA-256', maxPoolSize: 1 });
  try {
    await tenant.db(home.databaseName).collection(collections[0]?.name ?? '').findOne({});
  } finally {
    await tenant.close();
  }

  for (const step of stepPlans.activate) await commit(step.key);
  await commit('finish');
}
