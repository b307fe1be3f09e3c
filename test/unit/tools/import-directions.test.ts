import assert from 'node:assert/strict';
import { test } from 'node:test';

import { findViolations, readImports } from '../../../tools/checks/import-directions.ts';

test('every form of an import is read, with its line', () => {
  const source = [
    "import { a } from './a.ts';",
    "import type { B } from './b.ts';",
    'import {',
    '  type C,',
    '  type D,',
    "} from './c.ts';",
    "import './effect.ts';",
    "export * from './all.ts';",
    "export type { E } from './e.ts';",
    "// import { no } from './comment.ts';",
    "/* import { no } from './block.ts'; */",
    "const f = await import('./dynamic.ts');",
    "import { type G, h } from './mixed.ts';",
  ].join('\n');
  assert.deepEqual(
    readImports(source).map(({ line, specifier, typeOnly }) => [line, specifier, typeOnly]),
    [
      [1, './a.ts', false],
      [2, './b.ts', true],
      [3, './c.ts', true],
      [7, './effect.ts', false],
      [8, './all.ts', false],
      [9, './e.ts', true],
      [12, './dynamic.ts', false],
      [13, './mixed.ts', false],
    ],
  );
});

test('imports that the table allows pass', () => {
  assert.deepEqual(findViolations('engines/ledger/append.ts', "import { x } from '../../store/ledger.ts';"), []);
  assert.deepEqual(
    findViolations('domain/a.ts', "import { x } from '../contracts/x.ts';\nimport { y } from './y.ts';"),
    [],
  );
  assert.deepEqual(findViolations('workflows/a.ts', "import type { Activities } from '../activities/all.ts';"), []);
  assert.deepEqual(findViolations('tools/start.ts', "import { x } from '../store/x.ts';"), []);
  assert.deepEqual(findViolations('store/a.ts', "import { MongoClient } from 'mongodb';"), []);
});

test('a violation names the import, the rule and the remedy', () => {
  assert.deepEqual(findViolations('domain/a.ts', "\nimport { x } from '../store/x.ts';"), [
    {
      file: 'domain/a.ts',
      line: 2,
      message:
        'imports ../store/x.ts, but domain/ may import from contracts/: keep the rule pure: let the caller read and pass the values in',
    },
  ]);
});

test('an import of a type is a violation too, unless the table has an exception', () => {
  assert.equal(findViolations('store/a.ts', "import type { X } from '../engines/x.ts';").length, 1);
});

test('a workflow may not import a value of an activity or a contract', () => {
  const [violation] = findViolations(
    'workflows/activate.ts',
    "import { createTenant } from '../activities/tenant.ts';",
  );
  assert.match(
    violation?.message ?? '',
    /imports a value from .* only types of activities\/: workflow code is replayed/,
  );
  assert.equal(findViolations('workflows/activate.ts', "import { parse } from '../contracts/x.ts';").length, 1);
});

test('the product may not depend on the tools or the tests', () => {
  assert.equal(findViolations('workers/main.ts', "import { x } from '../tools/policies.ts';").length, 1);
  assert.equal(findViolations('api/main.ts', "import { x } from '../test/x.ts';").length, 1);
});

test('the tools may not depend on the tests, and nothing may depend on unit or integration tests', () => {
  assert.equal(findViolations('tools/bench.ts', "import { x } from '../test/bench/figure.ts';").length, 1);
  assert.equal(findViolations('test/integration/cli/a.ts', "import { x } from '../../unit/cli/x.ts';").length, 1);
  assert.deepEqual(
    findViolations(
      'test/integration/cli/a.ts',
      "import { x } from '../../harness/x.ts';\nimport { y } from './y.ts';\nimport { z } from '../../../tools/z.ts';",
    ),
    [],
  );
});

test('a workflow may import the values of the one contract without dependencies', () => {
  assert.deepEqual(
    findViolations(
      'workflows/run-operation.ts',
      "import { searchAttributeNames } from '../contracts/search-attributes.ts';",
    ),
    [],
  );
});
