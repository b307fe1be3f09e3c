import { randomBytes } from 'node:crypto';
import { MongoClient } from 'mongodb';
import type { Document } from 'mongodb';
import type { OperationKind } from '../../../contracts/lifecycle.ts';
import { stepsOf } from '../../../domain/step-plan.ts';
import { tenantManifest } from '../../harness/manifests.ts';

const journaled = { w: 'majority', j: true } as const;
const majority = { writeConcern: { w: 'majority', journal: true } } as const;
const mechanisms = ['SCRAM-SHA-256'];

const { services } = tenantManifest('any').spec;
const collections = services.flatMap((service) => service.collections);

function indexesOf(collection: (typeof collections)[number]): Document[] {
  return (collection.indexes ?? []).map((index) => ({
    key: Object.fromEntries(index.keys.map((key) => [key.field, key.order ?? 1])),
    name: index.keys.map((key) => key.field).join('_'),
  }));
}

export interface RawDeployments {
  readonly control: MongoClient;
  readonly cell: MongoClient;
  /** Address of the cell without credentials. */
  readonly endpoint: string;
}

/** The MongoDB commands of every path of one tenant. */
export type RawPaths = Readonly<Record<OperationKind, () => Promise<void>>>;

/**
 * The MongoDB commands that each path needs, sent by the plain driver without anything else. On the control deployment:
 * a transaction of three documents for accepting, for beginning, for each step and for the end. On the cell: the
 * commands that are necessary for the target state and, if the path ends with access, one connection of the tenant's
 * user with one read. As in the product, take a path only from a state that allows it.
 */
export function createRawPaths({ control, cell, endpoint }: RawDeployments, name: string): RawPaths {
  const commits = control.db('tenure_bench_floor');
  const home = cell.db(`floor_${name}`);
  const claims = cell.db('tenure_bench_floor').collection<{ _id: string }>('claims');
  const user = { user: name, db: home.databaseName };
  const roles = [{ role: 'read_write', db: home.databaseName }];
  const roleNames = ['read_write', 'read_only'];
  const password = randomBytes(32).toString('base64url');

  async function commit(step: string): Promise<void> {
    await control.withSession((session) =>
      session.withTransaction(
        async () => {
          await commits
            .collection<{ _id: string }>('resources')
            .updateOne({ _id: name }, { $set: { step } }, { upsert: true, session });
          await commits
            .collection<{ _id: string }>('operations')
            .updateOne({ _id: name }, { $set: { step } }, { upsert: true, session });
          await commits.collection('ledger').insertOne({ name, step, bytes: randomBytes(700) }, { session });
        },
        { readConcern: { level: 'snapshot' }, ...majority },
      ),
    );
  }

  const createUser = () =>
    home.command({ createUser: name, pwd: password, roles, mechanisms, writeConcern: journaled });
  const letUserIn = () => home.command({ updateUser: name, pwd: password, roles, mechanisms, writeConcern: journaled });

  async function createIndexes(): Promise<void> {
    for (const collection of collections) {
      const indexes = indexesOf(collection);
      if (indexes.length > 0) await home.command({ createIndexes: collection.name, indexes, writeConcern: journaled });
    }
  }

  async function endActivity(): Promise<void> {
    await cell.db('admin').command({ killAllSessions: [user] });
    const pipeline = [
      { $currentOp: { allUsers: true, idleSessions: true, idleCursors: true } },
      { $match: { effectiveUsers: { $elemMatch: user } } },
    ];
    await cell.db('admin').command({ aggregate: 1, pipeline, cursor: {} });
  }

  async function readAsTenant(): Promise<void> {
    const tenant = new MongoClient(endpoint, {
      auth: { username: name, password },
      authSource: home.databaseName,
      authMechanism: 'SCRAM-SHA-256',
      maxPoolSize: 1,
    });
    try {
      await tenant
        .db(home.databaseName)
        .collection(collections[0]?.name ?? '')
        .findOne({});
    } finally {
      await tenant.close();
    }
  }

  const onCell: Record<OperationKind, () => Promise<unknown>> = {
    async activate() {
      await claims.insertOne({ _id: name }, majority);
      for (const collection of collections) {
        await home.command({
          create: collection.name,
          ...(collection.jsonSchema === undefined ? {} : { validator: { $jsonSchema: collection.jsonSchema } }),
        });
      }
      await createIndexes();
      for (const role of roleNames) {
        const privileges = collections.map((collection) => ({
          resource: { db: home.databaseName, collection: collection.name },
          actions: ['find', 'insert', 'update', 'remove'],
        }));
        await home.command({ createRole: role, privileges, roles: [], writeConcern: journaled });
      }
      await createUser();
      await readAsTenant();
    },
    async suspend() {
      await home.command({ updateUser: name, roles: [], writeConcern: journaled });
      await endActivity();
    },
    async resume() {
      await letUserIn();
      await readAsTenant();
    },
    async archive() {
      await endActivity();
      await home.command({ dropUser: name, writeConcern: journaled });
      for (const collection of collections)
        await home.command({ dropIndexes: collection.name, index: '*', writeConcern: journaled });
    },
    async reactivate() {
      await createIndexes();
      await home.command({
        rolesInfo: roleNames.map((role) => ({ role, db: home.databaseName })),
        showPrivileges: true,
      });
      await createUser();
      await readAsTenant();
    },
    delete: async () => undefined,
    undelete: async () => undefined,
    async purge() {
      for (const role of roleNames) await home.command({ dropRole: role, writeConcern: journaled });
      await home.command({ dropDatabase: 1, writeConcern: journaled });
      await claims.deleteOne({ _id: name }, majority);
    },
    change_plan: async () => undefined,
    async reconcile() {
      await home.command({ listCollections: 1 });
      for (const collection of collections) await home.command({ listIndexes: collection.name });
      await home.command({
        rolesInfo: roleNames.map((role) => ({ role, db: home.databaseName })),
        showPrivileges: true,
      });
      await home.command({ usersInfo: user });
      // A password cannot be read, so it is written again.
      await letUserIn();
      await readAsTenant();
    },
  };

  const path = (kind: OperationKind) => async (): Promise<void> => {
    await commit('accept');
    await commit('begin');
    await onCell[kind]();
    for (const { key } of stepsOf(kind)) await commit(key);
    await commit('finish');
  };
  return Object.fromEntries(
    (Object.keys(onCell) as OperationKind[]).map((kind) => [kind, path(kind)]),
  ) as unknown as RawPaths;
}
