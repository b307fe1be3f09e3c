import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { packageManifest } from '../../../tools/packages/package-manifest.ts';
import { publishedPackages } from '../../../tools/packages/published-packages.ts';

const project = {
  version: '1.2.3',
  license: 'Apache-2.0',
  repository: { type: 'git', url: 'git+https://git.example.com/tenure.git' },
  dependencies: { zod: '4.0.0', mongodb: '7.0.0', commander: '15.0.0' },
};
const [client, cli] = publishedPackages;

test('a library accepts newer compatible versions of its imports, and the driver is optional', () => {
  const manifest = packageManifest(client!, project, new Set(['mongodb', 'zod'])) as Record<string, unknown>;
  assert.deepEqual(manifest['dependencies'], { zod: '^4.0.0' });
  assert.deepEqual(
    [manifest['peerDependencies'], manifest['peerDependenciesMeta']],
    [{ mongodb: '^7.0.0' }, { mongodb: { optional: true } }],
  );
  assert.deepEqual(
    [manifest['version'], manifest['license'], manifest['repository']],
    ['1.2.3', 'Apache-2.0', { ...project.repository, directory: 'client' }],
  );
});

test('a program requires exactly the versions of the project, and has nothing to import', () => {
  const manifest = packageManifest(cli!, project, new Set(['commander'])) as Record<string, unknown>;
  assert.deepEqual(
    [manifest['dependencies'], manifest['bin'], manifest['exports']],
    [{ commander: '15.0.0' }, { tenure: 'cli/main.js' }, { './package.json': './package.json' }],
  );
  assert.equal(manifest['peerDependencies'], undefined);
});

test('an import that is not a runtime dependency of the project is refused', () => {
  assert.throws(
    () => packageManifest(client!, project, new Set(['yaml'])),
    /@tenure\/client imports yaml: add it to the dependencies/,
  );
});

test('every published entry exists', () => {
  const clone = fileURLToPath(new URL('../../..', import.meta.url));
  for (const { entries, commands = {} } of publishedPackages) {
    for (const source of [...Object.values(entries), ...Object.values(commands)])
      assert.equal(globSync(source, { cwd: clone }).length, 1, source);
  }
});
