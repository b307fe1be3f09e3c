import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { Connection } from '@temporalio/client';
import { MongoClient } from 'mongodb';
import { runCommand } from '../../../tools/process/run-command.ts';
import type { CommandResult } from '../../../tools/process/run-command.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { freePorts } from '../../../tools/stack/ports.ts';
import { planeUser } from '../../../tools/stack/mongod-setup.ts';
import { openSecrets } from '../../../tools/stack/secrets.ts';
import { searchAttributeNames } from '../../../contracts/search-attributes.ts';
import { until } from '../../harness/until.ts';
import { clone } from '../../harness/compose-file.ts';
import { lineage, readDockerfile } from '../../harness/dockerfile.ts';

// Without a container engine: a folder holds what the stages of the Dockerfile copy, and their commands run there.
const stack = attachToStack();
const stages = readDockerfile(readFileSync(join(clone, 'deploy', 'Dockerfile'), 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'tenure-images-'));
const ending: (() => Promise<void>)[] = [];
after(async () => {
  for (const end of ending.toReversed()) await end();
  rmSync(folder, { recursive: true, force: true });
});

/** Copies the content of the image of a stage into a folder. */
function imageOf(target: string): string {
  const image = join(folder, target);
  mkdirSync(image, { recursive: true });
  for (const { copies } of lineage(stages, target)) {
    for (const { from, sources } of copies) {
      if (from === 'dependencies') symlinkSync(join(clone, 'node_modules'), join(image, 'node_modules'));
      // This test run compiles to the same places as the build.
      else
        for (const source of sources)
          cpSync(join(clone, source.replace('/app/', '')), join(image, source.replace('/app/', '')), {
            recursive: true,
          });
    }
  }
  return image;
}

const stageOf = (name: string) => stages.find((stage) => stage.name === name)!;
const runIn = (
  image: string,
  [, ...commandArguments]: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<CommandResult> =>
  runCommand(process.execPath, commandArguments, { timeoutMs: 60_000, cwd: image, environment });

/** Starts a program that is killed after the tests. */
function start(
  command: string,
  commandArguments: readonly string[],
  cwd: string,
  environment: NodeJS.ProcessEnv,
): { readonly output: () => string } {
  const child = spawn(command, commandArguments, { cwd, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  ending.push(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { output: () => output };
}

for (const target of ['worker', 'api'] as const) {
  test(
    `the content of the image of the ${target} is enough to run it, and its health check reports when it runs`,
    { timeout: 120_000 },
    async () => {
      const image = imageOf(target);
      const { api: apiPort, apiOps: apiOpsPort, workerOps: workerOpsPort } = await freePorts();
      const names = {
        installation: 'test-images',
        controlDatabase: 'tenure_images',
        secretsDatabase: 'tenure_images_secrets',
        taskQueue: 'images',
      };
      const environment = {
        ...stack.processEnvironment({ ...names, apiPort, apiOpsPort, workerOpsPort }),
        TENURE_POLICY_BUNDLE: join(image, 'policies', 'dist'),
        TENURE_WORKFLOW_BUNDLE: join(image, 'workflows', 'dist', 'workflow-bundle.js'),
      };
      const { command, healthCheck } = stageOf(target);

      assert.equal((await runIn(image, healthCheck!, environment)).code, 1, 'nothing runs yet');
      const service = start(process.execPath, command!.slice(1), image, environment);
      await until(
        () => `the ${target} is healthy; it wrote: ${service.output()}`,
        async () => (await runIn(image, healthCheck!, environment)).code === 0,
        60_000,
        250,
      );
    },
  );
}

test(
  'the set-up makes a mongod with a key file a primary, under the name that others use; a second run changes nothing',
  { timeout: 120_000 },
  async () => {
    const image = imageOf('set-up');
    const secrets = await openSecrets(folder);
    const { control: port } = await freePorts();
    const data = join(folder, 'data');
    mkdirSync(data);
    const mongod = process.env['TENURE_MONGOD'] ?? 'mongod';
    start(
      mongod,
      [
        '--replSet',
        'eu-west-1',
        '--bind_ip',
        'localhost',
        '--port',
        String(port),
        '--dbpath',
        data,
        '--auth',
        '--keyFile',
        secrets.mongodKeyFile,
        '--nounixsocket',
      ],
      folder,
      process.env,
    );

    const setUp = [
      ...stageOf('set-up').command!,
      'cell',
      'eu-west-1',
      `localhost:${port}`,
      join(folder, 'mongod-passwords.json'),
    ];
    await until(
      'the mongod listens',
      async () =>
        (
          await runCommand(
            process.execPath,
            [
              '--eval',
              `require('node:net').connect(${port}, '127.0.0.1').on('connect', () => process.exit(0)).on('error', () => process.exit(1))`,
            ],
            { timeoutMs: 5_000 },
          )
        ).code === 0,
    );
    for (const time of ['first', 'second']) {
      const result = await runIn(image, setUp, process.env);
      assert.deepEqual(
        [result.code, result.stdout, result.stderr],
        [0, 'mongod "eu-west-1" is primary and has its users\n', ''],
        time,
      );
    }
    const client = new MongoClient(
      `mongodb://${planeUser}:${secrets.passwords.plane}@localhost:${port}/?replicaSet=eu-west-1&authSource=admin`,
    );
    try {
      const { hosts } = await client.db('admin').command({ hello: 1 });
      assert.deepEqual(hosts, [`localhost:${port}`]);
      await client.db('tenant_x').collection('orders').insertOne({ number: 1 });
    } finally {
      await client.close();
    }
  },
);

test(
  'the namespace script creates a namespace with the search attributes, and can be run again',
  { timeout: 120_000 },
  async () => {
    const temporal = process.env['TENURE_TEMPORAL'] ?? 'temporal';
    const environment = {
      ...process.env,
      PATH: `${dirname(temporal)}${delimiter}${process.env['PATH'] ?? ''}`,
      TEMPORAL_ADDRESS: stack.temporal.address,
      TEMPORAL_NAMESPACE: 'test-containers',
    };
    for (let time = 0; time < 2; time++) {
      const result = await runCommand('sh', [join(clone, 'deploy', 'temporal', 'set-up-namespace.sh')], {
        timeoutMs: 60_000,
        environment,
      });
      assert.equal(result.code, 0, result.stderr);
    }
    const connection = await Connection.connect({ address: stack.temporal.address });
    try {
      const { customAttributes } = await connection.operatorService.listSearchAttributes({
        namespace: 'test-containers',
      });
      for (const name of Object.values(searchAttributeNames)) assert.ok(name in customAttributes, name);
    } finally {
      await connection.close();
    }
  },
);
