import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../../../tools/process/run-command.ts';
import type { CommandResult } from '../../../tools/process/run-command.ts';
import { buildPackage } from '../../../tools/packages/build-package.ts';
import { publishedPackages } from '../../../tools/packages/published-packages.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { readBlocks } from '../../documents/read-blocks.ts';
import { borrowInstallation } from '../../harness/installation.ts';
import type { SharedInstallation } from '../../harness/installation.ts';
import { ended } from '../../harness/lifecycle.ts';
import { declareBasics, tenantManifest } from '../../harness/manifests.ts';

const clone = fileURLToPath(new URL('../../..', import.meta.url));
const project = JSON.parse(readFileSync(join(clone, 'package.json'), 'utf8')) as {
  version: string;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
};

/** A project that uses the packages. */
const folder = mkdtempSync(join(tmpdir(), 'tenure-packages-'));
let installation: SharedInstallation;
let environment: NodeJS.ProcessEnv;

/** Without the variables that npm sets for its scripts: they make an npm inside a script act on the clone. */
function outsideEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) =>
      !/^npm_(?:package|lifecycle|config_local_prefix|config_prefix|command)/.test(name) && !name.startsWith('TENURE_'),
  );
  return { ...Object.fromEntries(kept), PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}` };
}

const run = (command: string, commandArguments: readonly string[]): Promise<CommandResult> =>
  runCommand(command, commandArguments, { timeoutMs: 120_000, cwd: folder, environment });

async function npmInstall(...packages: readonly string[]): Promise<void> {
  const result = await run('npm', [
    'install',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    '--prefix',
    folder,
    ...packages,
  ]);
  assert.equal(result.code, 0, result.stdout + result.stderr);
}

const tenure = (...commandArguments: readonly string[]): Promise<CommandResult> =>
  run(join(folder, 'node_modules', '.bin', 'tenure'), commandArguments);

/** Writes the samples of the client's README as files of the project. */
function writeSamples(): string[] {
  return readBlocks(readFileSync(join(clone, 'client', 'README.md'), 'utf8'))
    .filter(({ language }) => language === 'ts')
    .map(({ text }, index) => {
      writeFileSync(join(folder, `sample-${index}.ts`), `${text}\n`);
      return `sample-${index}.ts`;
    });
}

before(async () => {
  environment = outsideEnvironment();
  const tarballs = await Promise.all(
    publishedPackages.map((definition) => buildPackage(definition, { clone, outDirectory: folder })),
  );
  for (const { room } of publishedPackages) rmSync(join(folder, room), { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'somebody', private: true, type: 'module' }));
  await npmInstall(...tarballs, `@types/node@${project.devDependencies['@types/node']}`);

  installation = await borrowInstallation(attachToStack());
  environment = { ...environment, TENURE_SERVER: installation.server, TENURE_TOKEN: await installation.token() };
  const api = installation.client();
  await declareBasics(api);
  // Without the validator and the unique index of the usual manifest: the sample inserts other documents.
  const acme = tenantManifest('acme', {
    lifecycle: 'Active',
    services: [{ name: 'shop', collections: [{ name: 'orders' }] }],
  });
  const { body } = await api.call('createTenant', { body: acme });
  await ended(api, body.operation?.id ?? '');
});
after(async () => {
  await installation.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('the client needs the MongoDB driver only to open a tenant, and then names the missing package', async () => {
  assert.ok(!existsSync(join(folder, 'node_modules', 'mongodb')));
  const loaded = await run(process.execPath, [
    '--eval',
    "import('@tenure/client').then(({ createApiClient }) => console.log(typeof createApiClient))",
  ]);
  assert.deepEqual([loaded.code, loaded.stdout], [0, 'function\n'], loaded.stderr);
  const refused = await run(process.execPath, ['--eval', "import('@tenure/client/open-tenant')"]);
  assert.notEqual(refused.code, 0);
  assert.match(refused.stderr, /Cannot find package 'mongodb'/);
});

test('the samples of the README pass a strict type check against the declarations, and run', async () => {
  await npmInstall(`mongodb@${project.dependencies['mongodb']}`);
  const samples = writeSamples();
  assert.equal(samples.length, 2);
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        strict: true,
        exactOptionalPropertyTypes: true,
        module: 'nodenext',
        target: 'es2024',
        types: ['node'],
        noEmit: true,
      },
      files: samples,
    }),
  );
  const checked = await run(join(clone, 'node_modules', '.bin', 'tsc'), ['-p', 'tsconfig.json']);
  assert.equal(checked.code, 0, checked.stdout);

  const [called, opened] = [await run(process.execPath, [samples[0]!]), await run(process.execPath, [samples[1]!])];
  assert.equal(called.stderr, '');
  assert.match(called.stdout, /^acme Active\nnot_found \S.*\n$/);
  assert.deepEqual([opened.stdout, opened.stderr], ['eu-west-1 1\n', '']);
});

test('a call that violates the contract is a type error in the project', async () => {
  const source =
    "import { createApiClient } from '@tenure/client';\nawait createApiClient({ server: '', token: () => '' }).call('getTenant', { params: { nam: 'acme' } });\n";
  writeFileSync(join(folder, 'flawed.ts'), source);
  const checked = await run(join(clone, 'node_modules', '.bin', 'tsc'), [
    '--ignoreConfig',
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2024',
    '--types',
    'node',
    'flawed.ts',
  ]);
  assert.notEqual(checked.code, 0);
  assert.match(checked.stdout, /flawed\.ts\(2,.*nam/);
});

test('the installed command runs', async () => {
  const version = await tenure('--version');
  assert.deepEqual([version.code, version.stdout, version.stderr], [0, `${project.version}\n`, '']);
  const help = await tenure('--help');
  assert.equal(help.code, 0);
  assert.match(help.stdout, /^Usage: tenure /);
  const listed = await tenure('get', 'tenants', '-o', 'name');
  assert.deepEqual([listed.code, listed.stdout, listed.stderr], [0, 'tenant/acme\n', '']);
});

test('a package holds what it needs and nothing else: no sources, no rooms of the plane', () => {
  for (const { name, room } of publishedPackages) {
    const installed = join(folder, 'node_modules', name);
    const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
      version: string;
      license: string;
      publishConfig: { provenance: boolean };
    };
    assert.deepEqual(
      [manifest.version, manifest.license, manifest.publishConfig.provenance],
      [project.version, 'Apache-2.0', true],
    );
    for (const file of ['LICENSE', 'README.md', room, 'contracts'])
      assert.ok(existsSync(join(installed, file)), `${name} lacks ${file}`);
    for (const absent of ['domain', 'store', 'platform', `${room}/main.ts`, 'tsconfig.json'])
      assert.ok(!existsSync(join(installed, absent)), `${name} holds ${absent}`);
  }
});
