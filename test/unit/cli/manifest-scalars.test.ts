import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitCodes } from '../../../contracts/problem-type.ts';
import { runInMemory } from '../../harness/in-memory-cli.ts';
import type { CliRun } from '../../harness/in-memory-cli.ts';

const check = (stdin: string): Promise<CliRun> =>
  runInMemory(['apply', '-f', '-', '--dry-run=client', '-o', 'json'], { stdin });

const tenant = (config: string, spec = ''): string =>
  `apiVersion: tenure/v1\nkind: Tenant\nmetadata: { name: acme }\nspec:\n  plan: p\n  services: [{ name: shop, collections: [{ name: orders }] }]\n  config: ${config}\n${spec}`;

async function configOf(manifest: string): Promise<unknown> {
  const { code, stdout, stderr } = await check(manifest);
  assert.equal(code, exitCodes.ok, stderr);
  return (JSON.parse(stdout) as { items: { spec: { config: unknown } }[] }).items[0]?.spec.config;
}

test('merge keys are merged: own keys take precedence over them, and earlier sources over later ones', async () => {
  const merged = tenant(
    '\n    base: &base { a: 1, b: 2 }\n    own: { <<: *base, b: 3 }\n    before: { b: 3, <<: *base }\n    several: { <<: [*base, { a: 5, c: 6 }] }\n    nested: &nested { <<: *base, d: 7 }\n    twice: { <<: *nested }\n    plain: { "<<": 1 }',
  );
  assert.deepEqual(await configOf(merged), {
    base: { a: 1, b: 2 },
    own: { a: 1, b: 3 },
    before: { a: 1, b: 3 },
    several: { a: 1, b: 2, c: 6 },
    nested: { a: 1, b: 2, d: 7 },
    twice: { a: 1, b: 2, d: 7 },
    plain: { '<<': 1 },
  });
});

test('a flaw in a merged mapping is reported where it is written, a merge of anything else at the key', async () => {
  const wrong = await check(
    'apiVersion: tenure/v1\nkind: Tenant\nmetadata: { name: acme, annotations: &a { owner: 1.10 } }\nspec:\n  plan: p\n  services: [{ name: shop, collections: [{ name: orders }] }]\n',
  );
  assert.match(
    wrong.stderr,
    /^stdin:3:50: metadata\.annotations\.owner must be a string, but is 1\.10\n(?:.*\n){2} {2}fix: quote it: "1\.10"$/m,
  );
  const inMerged = await check(
    'apiVersion: tenure/v1\nkind: Plan\nmetadata: { name: p }\nspec:\n  <<: { quotas: { tables: ten } }\n  isolationModes: [dedicated]\n',
  );
  assert.match(inMerged.stderr, /^stdin:5:27: spec\.quotas\.tables must be a number, but is "ten"$/m);
  for (const value of ['5', '[5]', '', '*text', '[*map, *text]']) {
    const { code, stderr } = await check(tenant(`{ text: &text x, map: &map { a: 1 }, merged: { <<: ${value} } }`));
    assert.equal(code, exitCodes.usage, value);
    assert.match(stderr, /^stdin:7:\d+: a merge key takes a mapping, or a list of mappings$/m, value);
  }
});

/** Scalars without quotes that are not text. Where text is required, the fix is to quote them unchanged. */
const texts: readonly string[] = ['1.10', '01234', '0x10', '.5', '1e3', '0o17', '12', '-0', 'true', 'False', '1.0'];

for (const text of texts) {
  test(`the fix for ${text} where text is required is the same text in quotes`, async () => {
    const written = tenant('{}', `  displayName: ${text}\n`);
    const { stderr } = await check(written);
    assert.match(stderr, new RegExp(`^ {2}fix: quote it: "${text.replace('.', '\\.')}"$`, 'm'));
    const { code, stdout } = await check(written.replace(text, `"${text}"`));
    assert.equal(code, exitCodes.ok);
    assert.equal(
      (JSON.parse(stdout) as { items: { spec: { displayName: string } }[] }).items[0]?.spec.displayName,
      text,
    );
  });
}

test('words and times are text where text is required', async () => {
  for (const text of ['yes', 'NO', 'on', '1_000', '2026-01-01', '12:30:45', '2026-01-01T00:00:00Z']) {
    const { code, stdout } = await check(tenant('{}', `  displayName: ${text}\n`));
    assert.equal(code, exitCodes.ok);
    assert.equal(
      (JSON.parse(stdout) as { items: { spec: { displayName: string } }[] }).items[0]?.spec.displayName,
      text,
    );
  }
});

test('where a boolean or a number is required, the fix says how to write it', async () => {
  const indexed = (unique: string, expire: string) =>
    tenant('{}').replace(
      '{ name: orders }',
      `{ name: orders, indexes: [{ keys: [{ field: at }], unique: ${unique}, expireAfterSeconds: ${expire} }] }`,
    );
  for (const [unique, expire, fixes] of [
    ['yes', '1_000', ['write true', 'write 1000']],
    ['off', '"60"', ['write false', 'write it without quotes: 60']],
    ['"true"', 'soon', ['write it without quotes: true']],
  ] as const) {
    const { code, stderr } = await check(indexed(unique, expire));
    assert.equal(code, exitCodes.usage);
    assert.deepEqual(stderr.match(/(?<=^ {2}fix: ).*$/gm), [...fixes]);
  }
});

/** Plain scalars that YAML parsers read differently, with the fix where any value is allowed. */
const uncertain: readonly (readonly [scalar: string, fix: string])[] = [
  ['yes', 'write true, or put it in quotes: "yes"'],
  ['Off', 'write false, or put it in quotes: "Off"'],
  ['NO', 'write false, or put it in quotes: "NO"'],
  ['01234', 'put it in quotes: "01234"; or write 1234'],
  ['-007', 'put it in quotes: "-007"; or write -7'],
  ['1_000', 'write 1000, or put it in quotes: "1_000"'],
];

for (const [scalar, fix] of uncertain) {
  test(`${scalar} is refused with its position where it is ambiguous, and accepted in quotes`, async () => {
    const { code, stderr } = await check(tenant(`{ deep: [{ key: ${scalar} }] }`));
    assert.deepEqual([code, stderr.match(/(?<=^ {2}fix: ).*$/gm)], [exitCodes.usage, [fix]]);
    assert.match(stderr, /^stdin:7:27: /);
    assert.match(
      (await check(tenant('{}').replace('{ name: orders }', `{ name: orders, jsonSchema: { enum: [${scalar}] } }`)))
        .stderr,
      /^stdin:6:79: /,
    );
    assert.deepEqual(await configOf(tenant(`{ deep: [{ key: "${scalar}" }] }`)), { deep: [{ key: scalar }] });
  });
}

test('numbers are kept as they are written, or refused', async () => {
  assert.deepEqual(
    await configOf(
      tenant(
        '{ a: 1.10, b: 1e3, c: .5, d: 0.1, e: -2.50e-3, f: 0.0, g: 9007199254740991.0, h: 1.7976931348623157e308, i: 5e-324 }',
      ),
    ),
    { a: 1.1, b: 1000, c: 0.5, d: 0.1, e: -0.0025, f: 0, g: 9007199254740991, h: 1.7976931348623157e308, i: 5e-324 },
  );
  for (const number of [
    '9007199254740993.0',
    '9.007199254740993e15',
    '0.12345678901234567890',
    '1e-400',
    '1e400',
    '.inf',
    '-.Inf',
    '.nan',
  ]) {
    const { code, stderr } = await check(tenant(`{ key: ${number} }`));
    assert.equal(code, exitCodes.usage, number);
    assert.match(stderr, /^stdin:7:18: this number cannot be stored( exactly)?$/m, number);
  }
});

test('tags and directives that would change values are refused', async () => {
  for (const value of ['!!binary aGVsbG8=', '!!set { a, b }', '!!timestamp 2026-01-01'])
    assert.match((await check(tenant(`{ key: ${value} }`))).stderr, /fix: remove the tag/, value);
  assert.match(
    (await check(`%YAML 1.1\n---\n${tenant('{ key: yes }')}`)).stderr,
    /^stdin:1:1: the directive says YAML 1\.1, but manifests are YAML 1\.2\n(?:.*\n){2} {2}fix: remove the line that starts with %YAML$/m,
  );
  assert.deepEqual(await configOf(`%YAML 1.2\n---\n${tenant('{ key: !!str 012 }')}`), { key: '012' });
});

test('a duplicate key is refused, also if it is written in another way', async () => {
  for (const config of ['{ a: 1, a: 2 }', '{ a: 1, "a": 2 }', '{ b: { <<: { x: 1 }, <<: { y: 1 } } }'])
    assert.match((await check(tenant(config))).stderr, /this mapping already has this key/, config);
});
