import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { Client, Connection } from '@temporalio/client';
import { MongoClient } from 'mongodb';

import type { EmbeddedStack } from '../../../tools/stack/embedded-stack.ts';
import { listens } from '../../../tools/stack/mongod.ts';
import { freePorts } from '../../../tools/stack/ports.ts';
import type { Ports } from '../../../tools/stack/ports.ts';
import { createTemporaryStack } from '../../../tools/stack/temporary-stack.ts';

/** Starts a stack as `npm start` does: with permanent files and a control user that is limited to its databases. */
async function start(dataDirectory: string, ports: Ports): Promise<EmbeddedStack> {
  return await createTemporaryStack({
    dataDirectory,
    temporary: false,
    ports,
    temporalStorage: 'file',
    controlDatabases: ['tenure', 'tenure_secrets'],
  });
}

async function withClient<T>(uri: string, work: (client: MongoClient) => Promise<T>): Promise<T> {
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: 10_000 });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

describe('a stack with files', () => {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'tenure-durability-'));
  let ports: Ports;
  let stack: EmbeddedStack;

  before(async () => {
    ports = await freePorts();
    stack = await start(dataDirectory, ports);
  });
  after(async () => {
    await stack.stop();
    rmSync(dataDirectory, { recursive: true, force: true });
  });

  test('a second start uses the data, the workflows and the secrets of the first, even on other ports', async () => {
    const keyring = readFileSync(stack.files.keyring, 'utf8');
    await withClient(stack.mongod.control.uri, async (client) => {
      await client.db('tenure').collection('cells').insertOne({ value: 1 });
    });
    const { workflow, connection } = await temporalClient(stack);
    await workflow.start('Kept', { workflowId: 'kept', taskQueue: 'nobody' });
    await connection.close();
    await stack.stop();

    stack = await start(dataDirectory, await freePorts());

    assert.equal(readFileSync(stack.files.keyring, 'utf8'), keyring);
    await withClient(stack.mongod.control.uri, async (client) => {
      assert.equal(await client.db('tenure').collection('cells').countDocuments({ value: 1 }), 1);
    });
    const again = await temporalClient(stack);
    assert.equal((await again.workflow.getHandle('kept').describe()).status.name, 'RUNNING');
    await again.connection.close();
  });

  test('a mongod that was killed starts again with every write that it acknowledged', async () => {
    const mongod = stack.mongodHandle('eu-west-1');
    await withClient(mongod.uri, async (client) => {
      await client
        .db('t_one')
        .collection('cells')
        .insertOne({ value: 2 }, { writeConcern: { w: 'majority', journal: true } });
    });
    await mongod.kill('SIGKILL');
    assert.equal(mongod.pid, undefined);
    assert.equal(await listens(mongod.port), undefined);
    await mongod.start();
    await withClient(mongod.uri, async (client) => {
      assert.equal(await client.db('t_one').collection('cells').countDocuments({ value: 2 }), 1);
    });
  });

  test("after its database is deleted, Temporal starts without workflows, but with the stack's search attributes", async () => {
    await stack.temporalServer.kill('SIGKILL');
    await stack.temporalServer.deleteDatabase();
    await stack.temporalServer.start();
    const { workflow, connection } = await temporalClient(stack);
    await assert.rejects(workflow.getHandle('kept').describe(), { name: 'WorkflowNotFoundError' });
    await connection.close();
  });

  test('mongod closes idle files, and refuses access without a password or outside the databases of the user', async () => {
    const { adminUri, port } = stack.mongodHandle('us-east-1');
    await withClient(adminUri, async (client) => {
      const parameters = await client.db('admin').command({
        getParameter: 1,
        wiredTigerFileHandleCloseIdleTime: 1,
        wiredTigerFileHandleCloseMinimum: 1,
        wiredTigerFileHandleCloseScanInterval: 1,
      });
      assert.equal(parameters['wiredTigerFileHandleCloseIdleTime'], 30);
      assert.equal(parameters['wiredTigerFileHandleCloseMinimum'], 250);
      assert.equal(parameters['wiredTigerFileHandleCloseScanInterval'], 5);
    });
    await withClient(`mongodb://127.0.0.1:${port}/?directConnection=true`, async (client) => {
      await assert.rejects(client.db('t_one').collection('cells').findOne(), { code: 13 });
    });
    await withClient(stack.mongod.control.uri, async (client) => {
      await assert.rejects(client.db('elsewhere').collection('any').insertOne({}), { code: 13 });
    });
  });

  test('secrets can be read by their owner only', () => {
    for (const file of Object.values(stack.files)) assert.equal(statSync(file).mode & 0o777, 0o600, file);
    assert.equal(statSync(join(dataDirectory, 'secrets')).mode & 0o777, 0o700);
  });

  test('a second stack on the same directory is refused with a message of one line', async () => {
    await assert.rejects(start(dataDirectory, ports), (error: Error) => {
      assert.match(error.message, new RegExp(`in use by process ${process.pid}; .*TENURE_DATA_DIR`));
      assert.ok(!error.message.includes('\n'));
      return true;
    });
  });

  test('data that was created with other passwords is refused, and nothing is left running', async () => {
    await stack.stop();
    const passwordFile = join(dataDirectory, 'secrets', 'mongod-passwords.json');
    const original = readFileSync(passwordFile, 'utf8');
    writeFileSync(passwordFile, JSON.stringify({ admin: 'another', plane: 'another' }));
    await assert.rejects(start(dataDirectory, ports), /set up with other passwords/);
    writeFileSync(passwordFile, original);
    stack = await start(dataDirectory, ports);
  });
});

async function temporalClient(stack: EmbeddedStack): Promise<{ workflow: Client['workflow']; connection: Connection }> {
  const connection = await Connection.connect({ address: stack.temporal.address });
  return { workflow: new Client({ connection, namespace: stack.temporal.namespace }).workflow, connection };
}
