import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, describe, test } from 'node:test';
import { stringify } from 'yaml';
import { exitCodes } from '../../../contracts/problem-type.ts';
import { runInMemory } from '../../harness/in-memory-cli.ts';
import { flawedManifests, plan, tenant, services } from './flawed-manifests.ts';

const folder = mkdtempSync(join(tmpdir(), 'tenure-manifests-'));
describe('manifest flaws', () => {
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const { flaw, text, says } of flawedManifests) {
    test(`${flaw} is refused with its position`, async () => {
      writeFileSync(join(folder, 'f.yaml'), text);
      const { code, stdout, stderr } = await runInMemory(['apply', '-f', 'f.yaml'], { workingDirectory: folder });
      const lines = stderr.split('\n');
      for (const line of says) assert.ok(lines.includes(line), `no line "${line}" in\n${stderr}`);
      assert.match(stderr, /nothing was applied\n$/);
      assert.deepEqual([code, stdout], [exitCodes.usage, '']);
    });
  }

  test('in a folder, files of comments are skipped, and so are folders and links to folders', async () => {
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
    assert.match(none.stderr, /^commented\/1\.yaml:1:1: contains no manifest, and neither do the 2 other sources\n/);
  });

  test('the output of get is accepted, however long it is: documents and a list', async () => {
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
    const flawed = await runInMemory(['apply', '-f', '-'], {
      stdin: list.replace('"tables": 1234', '"tables": "1234"'),
    });
    const line = list.slice(0, list.indexOf('"tables": 1234')).split('\n').length;
    assert.match(
      flawed.stderr,
      new RegExp(`^stdin:${line}:\\d+: spec\\.quotas\\.tables must be a number, but is "1234"$`, 'm'),
    );
  });

  test('a list in YAML is read as its entries, and a single page of a longer list is refused', async () => {
    const list = (head: string) =>
      `${head}items:\n${[plan('a'), plan('b').replace('tables: 10', 'tables: ten')].map((text) => `- ${text.trimEnd().replaceAll('\n', '\n  ')}\n`).join('')}`;
    for (const head of ['', 'apiVersion: v1\nkind: List\n']) {
      const { stderr } = await runInMemory(['apply', '-f', '-'], { stdin: list(head) });
      assert.match(
        stderr,
        new RegExp(`^stdin:${head === '' ? 17 : 19}:15: spec\\.quotas\\.tables must be a number, but is "ten"$`, 'm'),
      );
      assert.match(stderr, /^error: 1 error in the manifests; nothing was applied$/m);
    }
    const page = await runInMemory(['apply', '-f', '-'], { stdin: list('nextPageToken: x\n') });
    assert.match(page.stderr, /^stdin:1:1: unknown field "nextPageToken" of a list$/m);
  });

  test('if one file has a flaw, no file is applied, and each flaw is reported', async () => {
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
    assert.match(stderr, /^many\/2\.yml:8:13: spec\.quotas\.tables must be a number, but is "ten"$/m);
    assert.match(stderr, /^many\/3\.json:2:10: /m);
    assert.match(stderr, /^stdin:4:9: plan\/a is declared twice, first at many\/1\.yaml:4:9$/m);
    assert.match(stderr, /^error: 3 errors in the manifests; nothing was applied$/m);
  });

  test('integers that a number can represent are numbers, in YAML and in JSON; in quotes, any is text', async () => {
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

  test('an anchor can be used often, and a flaw in it is reported where it is written', async () => {
    const text = tenant(
      `  plan: p\n  services:\n    - name: shop\n      collections:\n        - &first { name: c0, jsonSchema: &s { bsonType: object } }\n${Array.from({ length: 150 }, (_, index) => `        - { name: c${index + 1}, jsonSchema: *s }\n`).join('')}`,
    );
    const sound = await runInMemory(['apply', '-f', '-'], { stdin: text });
    assert.match(sound.stderr, /^error: no server is configured$/m);
    const flawed = await runInMemory(['apply', '-f', '-'], {
      stdin: text.replace('&s { bsonType: object }', '&s [1]'),
    });
    assert.match(
      flawed.stderr,
      /^stdin:10:30: spec\.services\[0\]\.collections\[0\]\.jsonSchema must be a mapping, but is a list$/m,
    );
  });

  test('a flaw far along a long line is shown with the text around it, and without control characters', async () => {
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

  test('standard input has the size limit of a file, and Ctrl-C stops reading it', async () => {
    const megabyte = Buffer.alloc(1024 * 1024, ' ');
    const { stderr } = await runInMemory(['apply', '-f', '-'], { stdin: Readable.from(Array(129).fill(megabyte)) });
    assert.match(stderr, /^stdin:1:1: is larger than 128 MiB\n/);
    const interruption = new AbortController();
    const endless = new Readable({ read: () => interruption.abort() });
    const { code } = await runInMemory(['apply', '-f', '-'], { stdin: endless, interrupted: interruption.signal });
    assert.equal(code, exitCodes.interrupted);
  });

  test('a path that does not exist and a folder without manifests are reported', async () => {
    mkdirSync(join(folder, 'empty'));
    const missing = await runInMemory(['apply', '-f', 'no.yaml'], { workingDirectory: folder });
    assert.deepEqual(
      [missing.code, missing.stderr],
      [2, 'error: no.yaml does not exist\nfix: check the path given to -f\n'],
    );
    const empty = await runInMemory(['apply', '-f', 'empty'], { workingDirectory: folder });
    assert.match(empty.stderr, /^error: the folder empty contains no \*\.yaml, \*\.yml or \*\.json file\n/);
  });

  test('a path that the system refuses is reported with the reason', async (context) => {
    symlinkSync('loop.yaml', join(folder, 'loop.yaml'));
    mkdirSync(join(folder, 'links'));
    symlinkSync('loop.yaml', join(folder, 'links', 'loop.yaml'));
    const locked = join(folder, 'locked');
    mkdirSync(join(locked, 'inner'), { recursive: true });
    chmodSync(locked, 0);
    context.after(() => chmodSync(locked, 0o700));
    // Permissions do not stop root.
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
});
