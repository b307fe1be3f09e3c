import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, test } from 'node:test';
import { stringify } from 'yaml';
import { exitCodes } from '../../../contracts/problems.ts';
import { runInMemory } from '../../harness/in-memory-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'tenure-manifests-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const plan = (name: string, more = ''): string =>
  `apiVersion: tenure/v1\nkind: Plan\nmetadata:\n  name: ${name}\nspec:\n  isolationModes: [dedicated]\n  quotas:\n    tables: 10\n${more}`;
const tenant = (spec: string): string => `apiVersion: tenure/v1\nkind: Tenant\nmetadata:\n  name: acme\nspec:\n${spec}`;
const services = '  services:\n    - name: shop\n      collections:\n        - name: orders\n';
const bomb = [
  'a: &a [x, x, x, x, x, x, x, x, x, x]',
  ...['ba', 'cb', 'dc', 'ed', 'fe', 'gf'].map(
    ([name, of]) => `${name}: &${name} [${Array(10).fill(`*${of}`).join(', ')}]`,
  ),
].join('\n');

interface Flawed {
  readonly flaw: string;
  readonly text: string | Uint8Array;
  /** Lines of the report, each whole. */
  readonly says: readonly string[];
}

const table: readonly Flawed[] = [
  {
    flaw: 'an unclosed quote',
    text: 'kind: "Plan\nmetadata: 1\n',
    says: ['f.yaml:3:1: Missing closing "quote', '  fix: add the missing character, or quote the text'],
  },
  {
    flaw: 'an unclosed list',
    text: 'a: [1, 2\nb: 3\n',
    says: [
      'f.yaml:2:1: Flow sequence in block collection must be sufficiently indented and end with a ]',
      '  2 | b: 3',
      '    | ^',
    ],
  },
  {
    flaw: 'a tab as indentation',
    text: 'metadata:\n\tname: x\n',
    says: ['f.yaml:2:1: Tabs are not allowed as indentation', '  fix: indent with spaces'],
  },
  {
    flaw: 'a key that stands twice',
    text: plan('a', 'kind: Plan\n'),
    says: [
      'f.yaml:9:1: this mapping has the key already',
      '  fix: remove one of the two, or write --- between two manifests',
    ],
  },
  {
    flaw: 'a key that is no text',
    text: '? [a]\n: 1\n',
    says: ['f.yaml:1:3: a key must be text', '  fix: use plain text as the key'],
  },
  {
    flaw: 'a tag',
    text: 'kind: !secret Plan\n',
    says: ['f.yaml:1:7: Unresolved tag: !secret', '  fix: remove the tag; a manifest uses none'],
  },
  { flaw: 'nesting without end', text: '['.repeat(20_000), says: ['  fix: nest less deeply'] },
  {
    flaw: 'an unknown field near a known one',
    text: plan('a').replace('isolationModes', 'isolationMode'),
    says: [
      'f.yaml:6:3: unknown field "spec.isolationMode"',
      '    |   ^^^^^^^^^^^^^',
      '  fix: did you mean "isolationModes"?',
      'f.yaml:5:1: missing field "spec.isolationModes"',
    ],
  },
  {
    flaw: 'an unknown field near none',
    text: plan('a', '  colour: red\n'),
    says: [
      'f.yaml:9:3: unknown field "spec.colour"',
      '  fix: remove it; known here: displayName, isolationModes, allowedRegions, quotas, retention, encryption, price',
    ],
  },
  {
    flaw: 'an unknown field deep in lists',
    text: tenant(`  plan: p\n${services}          indices: []\n`),
    says: ['f.yaml:11:11: unknown field "spec.services[0].collections[0].indices"', '  fix: did you mean "indexes"?'],
  },
  {
    flaw: 'a number for text',
    text: plan('12'),
    says: [
      'f.yaml:4:9: metadata.name must be a string, and is 12',
      '  4 |   name: 12',
      '    |         ^^',
      '  fix: quote it: "12"',
    ],
  },
  {
    flaw: 'text for a list',
    text: tenant('  plan: p\n  services: shop\n'),
    says: ['f.yaml:7:13: spec.services must be a list, and is "shop"', '  fix: write a list: ["shop"]'],
  },
  {
    flaw: 'an empty value',
    text: tenant(`  plan:\n${services}`),
    says: ['f.yaml:6:3: spec.plan must be a string, and is empty', '  fix: give it a value, or remove it'],
  },
  {
    flaw: 'a missing field',
    text: tenant(services),
    says: ['f.yaml:5:1: missing field "spec.plan"', '  5 | spec:', '  fix: add plan, a string'],
  },
  {
    flaw: 'a missing field of an entry',
    text: tenant('  plan: p\n  services:\n    - {}\n'),
    says: ['f.yaml:8:7: missing field "spec.services[0].name"'],
  },
  {
    flaw: 'a missing apiVersion',
    text: plan('a').replace('apiVersion: tenure/v1\n', ''),
    says: ['f.yaml:1:1: missing field "apiVersion"', '  fix: add apiVersion: tenure/v1'],
  },
  {
    flaw: 'an unknown apiVersion',
    text: plan('a').replace('tenure/v1', 'tenure/v2'),
    says: ['f.yaml:1:13: apiVersion is "tenure/v2", which is not one of the values it takes', '  fix: use tenure/v1'],
  },
  {
    flaw: 'an unknown kind',
    text: 'apiVersion: tenure/v1\nkind: Tennant\n',
    says: [
      'f.yaml:2:7: kind is "Tennant", which is not one of the values it takes',
      '  fix: use one of Region, Plan, TenantTemplate, Tenant; did you mean "Tenant"?',
    ],
  },
  {
    flaw: 'a value outside an enumeration',
    text: tenant(`  plan: p\n  lifecycle: active\n${services}`),
    says: [
      'f.yaml:7:14: spec.lifecycle is "active", which is not one of the values it takes',
      '  fix: use one of Draft, Active, Suspended, Archived; did you mean "Active"?',
    ],
  },
  {
    flaw: 'a value outside a union of literals',
    text: tenant(`  plan: p\n${services}          indexes: [{ keys: [{ field: at, order: 3 }] }]\n`),
    says: ['  fix: use one of 1, -1, text, hashed, 2dsphere, 2d'],
  },
  {
    flaw: 'a number below its bound',
    text: plan('a').replace('10', '0'),
    says: ['f.yaml:8:13: spec.quotas.tables must be at least 1'],
  },
  {
    flaw: 'a broken rule over several fields',
    text: tenant(`  plan: p\n${services}    - name: shop\n      collections: [{ name: other }]\n`),
    says: ['f.yaml:7:3: spec.services must not name the service "shop" twice'],
  },
  {
    flaw: 'a list as the document',
    text: '- a\n- b\n',
    says: ['f.yaml:1:1: the manifest must be a mapping, and is a list'],
  },
  {
    flaw: 'a text as the document',
    text: 'hello\n',
    says: ['f.yaml:1:1: the manifest must be a mapping, and is "hello"'],
  },
  {
    flaw: 'two manifests of one name',
    text: `${plan('a')}---\n${plan('b')}---\n${plan('a')}`,
    says: [
      'f.yaml:22:9: plan/a is declared twice, first at f.yaml:4:9',
      '  fix: keep one of the two, or give one another name',
    ],
  },
  { flaw: 'an empty file', text: '', says: ['f.yaml:1:1: holds no manifest'] },
  { flaw: 'a file of comments', text: '# nothing\n---\n', says: ['f.yaml:1:1: holds no manifest'] },
  {
    flaw: 'a document of five megabytes',
    text: `${plan('a')}---\n${plan('b', `  displayName: "${'x'.repeat(5_000_000)}"\n`)}`,
    says: [
      'f.yaml:9:1: this manifest is larger than 4 MiB',
      '  fix: write each manifest as a document of its own, with --- between them',
    ],
  },
  { flaw: 'bytes that are no UTF-8', text: new Uint8Array([0x61, 0xff]), says: ['f.yaml:1:1: is not UTF-8 text'] },
  {
    flaw: 'UTF-16',
    text: Buffer.from(`\uFEFF${plan('a')}`, 'utf16le'),
    says: ['f.yaml:1:1: is UTF-16 text', '  fix: save it as UTF-8'],
  },
  {
    flaw: 'UTF-16 without a byte order mark',
    text: Buffer.from(plan('a'), 'utf16le'),
    says: ['f.yaml:1:1: holds NUL bytes, as UTF-16 text without a byte order mark does', '  fix: save it as UTF-8'],
  },
  {
    flaw: 'aliases that multiply',
    text: bomb,
    says: ['f.yaml:7:12: with the alias *f written out the document is longer than 4 MiB'],
  },
  {
    flaw: 'an integer that a number would change',
    text: tenant(`  plan: p\n  config: { snowflake: 9007199254740993, kept: -9007199254740991 }\n${services}`),
    says: [
      'f.yaml:7:24: this integer cannot be kept exactly',
      '    |                        ^^^^^^^^^^^^^^^^',
      '  fix: put it in quotes, or keep it between ±9007199254740991',
    ],
  },
  {
    flaw: 'a negative and a hexadecimal one, in JSON',
    text: '{"a": [-9007199254740992],\n "b": 0x20000000000000}',
    says: ['f.yaml:1:8: this integer cannot be kept exactly', 'f.yaml:2:7: this integer cannot be kept exactly'],
  },
  {
    flaw: 'aliases that multiply one level down',
    text: `b: &b [${'x,'.repeat(40_000)}]\nc: [${'[*b],'.repeat(40_000)}]\n`,
    says: ['f.yaml:2:266: with the alias *b written out the document is longer than 4 MiB'],
  },
  {
    flaw: 'aliases that multiply in mappings of lists',
    text: `b: &b [${'x,'.repeat(40_000)}]\n${Array.from({ length: 60 }, (_, index) => `c${index}: { d: [*b] }\n`).join('')}`,
    says: ['f.yaml:53:12: with the alias *b written out the document is longer than 4 MiB'],
  },
  {
    flaw: 'an alias of what holds it',
    text: 'a: &a [*a]\n',
    says: ['f.yaml:1:8: no anchor &a stands complete before this alias'],
  },
  {
    flaw: 'an alias of an anchor that is set anew around it',
    text: 'a: &a 1\nb: &a [*a]\n',
    says: ['f.yaml:2:8: no anchor &a stands complete before this alias'],
  },
  {
    flaw: 'an alias of nothing',
    text: 'a: *missing\n',
    says: ['f.yaml:1:4: no anchor &missing stands complete before this alias'],
  },
];

for (const { flaw, text, says } of table) {
  test(`${flaw} is refused at its place`, async () => {
    writeFileSync(join(folder, 'f.yaml'), text);
    const { code, stdout, stderr } = await runInMemory(['apply', '-f', 'f.yaml'], { workingDirectory: folder });
    const lines = stderr.split('\n');
    for (const line of says) assert.ok(lines.includes(line), `no line "${line}" in\n${stderr}`);
    assert.match(stderr, /nothing was applied\n$/);
    assert.deepEqual([code, stdout], [exitCodes.usage, '']);
  });
}

test('a file of comments among others is left out, and so are editors’ links to nowhere but by name', async () => {
  mkdirSync(join(folder, 'commented', 'deeper.yaml'), { recursive: true });
  mkdirSync(join(folder, 'elsewhere'));
  symlinkSync('../elsewhere', join(folder, 'commented', 'linked.yaml'));
  writeFileSync(join(folder, 'commented', '1.yaml'), '# kind: Plan\n');
  writeFileSync(
    join(folder, 'commented', '2.yaml'),
    `\uFEFF# with a byte order mark\r\n---\r\n${plan('a').replaceAll('\n', '\r\n')}`,
  );
  writeFileSync(join(folder, 'commented', '3.yaml'), '');
  const { code, stdout, stderr } = await runInMemory(['apply', '-f', 'commented', '--dry-run=client'], {
    workingDirectory: folder,
  });
  assert.deepEqual([code, stdout, stderr], [exitCodes.ok, 'plan/a valid (client dry run)\n', '']);
  writeFileSync(join(folder, 'commented', '2.yaml'), '---\n---\n');
  const none = await runInMemory(['apply', '-f', 'commented'], { workingDirectory: folder });
  assert.equal(none.code, exitCodes.usage);
  assert.match(none.stderr, /^commented\/1\.yaml:1:1: holds no manifest, and none of the 2 others does either\n/);
});

test('what get prints is taken, however long it is: documents, and a list', async () => {
  const items = Array.from({ length: 1_500 }, (_, index) => ({
    apiVersion: 'tenure/v1',
    kind: 'Plan',
    metadata: { name: `p${index}`, annotations: { note: `", ] } ${'x'.repeat(3_000)}` } },
    spec: { isolationModes: ['dedicated'], quotas: { tables: index + 1 } },
  }));
  const names = items.map(({ metadata }) => `plan/${metadata.name}\n`).join('');
  const list = JSON.stringify({ items }, undefined, 2);
  for (const text of [items.map((item) => stringify(item)).join('---\n'), list, `${list}\n---\n${plan('last')}`]) {
    const { code, stdout, stderr } = await runInMemory(['apply', '-f', '-', '--dry-run=client', '-o', 'name'], {
      stdin: text,
    });
    assert.deepEqual(
      [code, stdout],
      [exitCodes.ok, text.endsWith('10\n') ? `${names}plan/last\n` : names],
      stderr.slice(0, 1_000),
    );
  }
  const flawed = await runInMemory(['apply', '-f', '-'], { stdin: list.replace('"tables": 1234', '"tables": "1234"') });
  const line = list.slice(0, list.indexOf('"tables": 1234')).split('\n').length;
  assert.match(
    flawed.stderr,
    new RegExp(`^stdin:${line}:\\d+: spec\\.quotas\\.tables must be a number, and is "1234"$`, 'm'),
  );
});

test('a list in YAML is its entries, and one page of several is refused', async () => {
  const list = (head: string) =>
    `${head}items:\n${[plan('a'), plan('b').replace('tables: 10', 'tables: ten')].map((text) => `- ${text.trimEnd().replaceAll('\n', '\n  ')}\n`).join('')}`;
  for (const head of ['', 'apiVersion: v1\nkind: List\n']) {
    const { stderr } = await runInMemory(['apply', '-f', '-'], { stdin: list(head) });
    assert.match(
      stderr,
      new RegExp(`^stdin:${head === '' ? 17 : 19}:15: spec\\.quotas\\.tables must be a number, and is "ten"$`, 'm'),
    );
    assert.match(stderr, /^error: a flaw in the manifests; nothing was applied$/m);
  }
  const page = await runInMemory(['apply', '-f', '-'], { stdin: list('nextPageToken: x\n') });
  assert.match(page.stderr, /^stdin:1:1: unknown field "nextPageToken" of a list$/m);
});

test('a flaw in one file keeps every file from being applied, and each flaw is told', async () => {
  mkdirSync(join(folder, 'many'));
  writeFileSync(join(folder, 'many', '1.yaml'), plan('a'));
  writeFileSync(join(folder, 'many', '2.yml'), plan('b').replace('10', 'ten'));
  writeFileSync(join(folder, 'many', '3.json'), '{"kind": "Plan",\n "spec" }}');
  writeFileSync(join(folder, 'many', 'notes.txt'), 'not a manifest');
  const { code, stderr } = await runInMemory(['apply', '-f', 'many', '-f', '-'], {
    workingDirectory: folder,
    stdin: plan('a'),
  });
  assert.equal(code, exitCodes.usage);
  assert.match(stderr, /^many\/2\.yml:8:13: spec\.quotas\.tables must be a number, and is "ten"$/m);
  assert.match(stderr, /^many\/3\.json:2:10: /m);
  assert.match(stderr, /^stdin:4:9: plan\/a is declared twice, first at many\/1\.yaml:4:9$/m);
  assert.match(stderr, /^error: 3 flaws in the manifests; nothing was applied$/m);
});

test('integers that a number holds are numbers, in YAML and in JSON, and in quotes any is text', async () => {
  const config =
    '{ low: -9007199254740991, high: 9007199254740991, hex: 0xff, octal: 0o17, plus: +5, quoted: "9007199254740993", share: 0.5, anchored: &n 7, alias: *n }';
  const yaml = await runInMemory(['apply', '-f', '-', '--dry-run=client', '-o', 'json'], {
    stdin: tenant(`  plan: p\n  config: ${config}\n${services}`),
  });
  assert.equal(yaml.code, exitCodes.ok, yaml.stderr);
  const { items } = JSON.parse(yaml.stdout) as { items: { spec: { config: unknown } }[] };
  assert.deepEqual(items[0]?.spec.config, {
    low: -9007199254740991,
    high: 9007199254740991,
    hex: 255,
    octal: 15,
    plus: 5,
    quoted: '9007199254740993',
    share: 0.5,
    anchored: 7,
    alias: 7,
  });
  const json = await runInMemory(['apply', '-f', '-', '--dry-run=client', '-o', 'json'], {
    stdin: JSON.stringify(items[0]),
  });
  assert.deepEqual([json.code, JSON.parse(json.stdout)], [exitCodes.ok, { items }]);
});

test('an anchor used often is no bomb, and a flaw in it is told where it is written', async () => {
  const text = tenant(
    `  plan: p\n  services:\n    - name: shop\n      collections:\n        - &first { name: c0, jsonSchema: &s { bsonType: object } }\n${Array.from({ length: 150 }, (_, index) => `        - { name: c${index + 1}, jsonSchema: *s }\n`).join('')}`,
  );
  const sound = await runInMemory(['apply', '-f', '-'], { stdin: text });
  assert.match(sound.stderr, /^error: no server is configured$/m);
  const flawed = await runInMemory(['apply', '-f', '-'], { stdin: text.replace('&s { bsonType: object }', '&s [1]') });
  assert.match(
    flawed.stderr,
    /^stdin:10:30: spec\.services\[0\]\.collections\[0\]\.jsonSchema must be a mapping, and is a list$/m,
  );
});

test('a flaw far along a long line is shown with what surrounds it, and controls are not sent to the terminal', async () => {
  const { stderr } = await runInMemory(['apply', '-f', '-'], {
    stdin: `{"padding": "${'x'.repeat(5000)}", "kind": "\u001b[31mPlan"}`,
  });
  assert.ok(
    stderr.split('\n').every((line) => line.length < 200),
    stderr,
  );
  assert.match(stderr, /^stdin:1:5025: /m);
  assert.ok(!stderr.includes('\u001b'));
});

test('standard input is bounded as a file is, and Ctrl-C ends the reading of it', async () => {
  const megabyte = Buffer.alloc(1024 * 1024, ' ');
  const { stderr } = await runInMemory(['apply', '-f', '-'], { stdin: Readable.from(Array(129).fill(megabyte)) });
  assert.match(stderr, /^stdin:1:1: is larger than 128 MiB\n/);
  const interruption = new AbortController();
  const endless = new Readable({ read: () => interruption.abort() });
  const { code } = await runInMemory(['apply', '-f', '-'], { stdin: endless, interrupted: interruption.signal });
  assert.equal(code, exitCodes.interrupted);
});

test('a path that is not there and a folder without manifests are told', async () => {
  mkdirSync(join(folder, 'empty'));
  const missing = await runInMemory(['apply', '-f', 'no.yaml'], { workingDirectory: folder });
  assert.deepEqual(
    [missing.code, missing.stderr],
    [2, 'error: there is no file or folder no.yaml\nfix: check the path given to -f\n'],
  );
  const empty = await runInMemory(['apply', '-f', 'empty'], { workingDirectory: folder });
  assert.match(empty.stderr, /^error: the folder empty holds no \*\.yaml, \*\.yml or \*\.json\n/);
});

test('a path that the system refuses is told with its reason', async (context) => {
  symlinkSync('loop.yaml', join(folder, 'loop.yaml'));
  mkdirSync(join(folder, 'links'));
  symlinkSync('loop.yaml', join(folder, 'links', 'loop.yaml'));
  const locked = join(folder, 'locked');
  mkdirSync(join(locked, 'inner'), { recursive: true });
  chmodSync(locked, 0);
  context.after(() => chmodSync(locked, 0o700));
  // Nothing is locked for root.
  const refused =
    process.getuid?.() === 0 ? [] : (['locked', 'locked/inner'] as const).map((path) => [path, 'EACCES'] as const);
  for (const [path, reason] of [['loop.yaml', 'ELOOP'], ['links', 'ELOOP'], ...refused] as const) {
    const { code, stderr } = await runInMemory(['apply', '-f', path], { workingDirectory: folder });
    assert.equal(code, exitCodes.usage, `${path}: ${stderr}`);
    assert.match(
      stderr,
      new RegExp(
        `^error: \\S*${path}\\S* cannot be read \\(${reason}: .*\\)\nfix: check the path and its permissions\n$`,
      ),
    );
  }
});
