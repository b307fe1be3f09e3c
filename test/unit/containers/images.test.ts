import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, matchesGlob, posix } from 'node:path';
import { test } from 'node:test';
import { nodeFlags } from '../../../platform/processes.ts';
import { readImports } from '../../../tools/checks/import-directions.ts';
import { clone } from '../../harness/compose-file.ts';
import { lineage, readDockerfile } from '../../harness/dockerfile.ts';

const stages = readDockerfile(readFileSync(join(clone, 'deploy', 'Dockerfile'), 'utf8'));
const project = JSON.parse(readFileSync(join(clone, 'package.json'), 'utf8')) as {
  dependencies: Record<string, string>;
};
const targets = ['api', 'worker', 'set-up'];

/** Whether an ignore file keeps a path: the last matching pattern decides, and a folder includes its content. */
function isLeftIn(path: string, patternFile: '.dockerignore' | '.gitignore'): boolean {
  const lines = readFileSync(join(clone, patternFile), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const parents = path.split('/').map((_part, index, parts) => parts.slice(0, index + 1).join('/'));
  const fits = (pattern: string): boolean =>
    parents.some(
      (parent) => matchesGlob(parent, pattern.replace(/\/$/, '')) || (pattern === '*' && !parent.includes('/')),
    );
  return lines.reduce(
    (leftIn, line) => (line.startsWith('!') ? leftIn || fits(line.slice(1)) : leftIn && !fits(line)),
    true,
  );
}

const isSent = (path: string): boolean => isLeftIn(path, '.dockerignore');

/** The paths of the project that a stage contains. */
const copied = (name: string): string[] =>
  lineage(stages, name).flatMap(({ copies }) =>
    copies.filter(({ from }) => from === undefined).flatMap(({ sources }) => [...sources]),
  );

/** The files and packages that a file imports, directly or indirectly, without type imports. */
function reachable(
  entry: string,
  files = new Set<string>(),
  packages = new Set<string>(),
): { files: Set<string>; packages: Set<string> } {
  if (files.has(entry)) return { files, packages };
  files.add(entry);
  for (const { specifier, typeOnly } of readImports(readFileSync(join(clone, entry), 'utf8'))) {
    if (typeOnly || isBuiltin(specifier)) continue;
    if (specifier.startsWith('.')) reachable(posix.join(dirname(entry), specifier), files, packages);
    else packages.add(/^(?:@[^/]+\/)?[^/]+/.exec(specifier)![0]);
  }
  return { files, packages };
}

test('every base image is pinned to the Node version of package.json', () => {
  const outside = stages.filter(({ base }) => !stages.some(({ name }) => name === base));
  for (const { base } of outside) assert.equal(base, `node:${project.dependencies['node']}-bookworm-slim`);
  for (const { name } of stages) assert.match(name, /^[\w-]+$/, 'each stage has a name');
});

test('no image runs as root', () => {
  for (const target of targets)
    assert.equal(lineage(stages, target).findLast(({ user }) => user !== undefined)?.user, 'node', target);
});

test('every copied path exists, is under version control, and is sent to the build', () => {
  for (const { copies } of stages) {
    for (const { from, sources } of copies) {
      if (from !== undefined) {
        assert.ok(
          stages.some(({ name }) => name === from),
          `${from} is not a stage`,
        );
        continue;
      }
      for (const source of sources) {
        assert.ok(existsSync(join(clone, source)), `${source} does not exist`);
        assert.ok(isSent(source), `.dockerignore excludes ${source}`);
        assert.ok(isLeftIn(source, '.gitignore'), `git ignores ${source}`);
      }
    }
  }
});

test('.dockerignore excludes data, secrets, history, and packages and bundles built on this machine', () => {
  for (const path of [
    '.tenure',
    '.tenure/containers/keyring.json',
    'node_modules',
    'node_modules/zod',
    '.git',
    '.git/config',
    'workflows/dist',
    'build',
    '.env',
    'test/unit',
  ]) {
    assert.ok(!isSent(path), `${path} would be sent to the build`);
  }
  assert.ok(isSent('policies/dist/policy.wasm') && isSent('package-lock.json'));
});

for (const [stage, entry] of [
  ['api', 'api/main.ts'],
  ['worker', 'workers/main.ts'],
  ['worker', 'workflows/index.ts'],
  ['set-up', 'tools/containers/set-up-mongod.ts'],
  ['workflows', 'tools/workflow-bundle.ts'],
  ['workflows', 'workers/workflow-bundle.ts'],
  ['workflows', 'workflows/index.ts'],
] as const) {
  test(`the stage ${stage} contains everything that ${entry} imports`, () => {
    const sources = copied(stage);
    const { files, packages } = reachable(entry);
    const missing = [...files].filter(
      (file) =>
        !sources.some(
          (source) => file === source || (statSync(join(clone, source)).isDirectory() && file.startsWith(`${source}/`)),
        ),
    );
    assert.deepEqual(missing, []);
    assert.deepEqual(
      [...packages].filter((name) => !Object.hasOwn(project.dependencies, name)),
      [],
      'packages that are for development only',
    );
    assert.ok(files.size > 1);
  });
}

test('the processes start with their usual flags, and their health checks need only Node', () => {
  for (const [target, entry] of [
    ['api', 'api/main.ts'],
    ['worker', 'workers/main.ts'],
  ] as const) {
    const stage = stages.find(({ name }) => name === target)!;
    assert.deepEqual(stage.command, [
      'node',
      '--env-file-if-exists=/run/secrets/tenure.env',
      ...nodeFlags[target],
      entry,
    ]);
    assert.equal(stage.healthCheck?.[0], 'node');
  }
});
