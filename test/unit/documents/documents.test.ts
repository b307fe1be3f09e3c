import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareOutput } from '../../documents/compare-output.ts';
import { readBlocks } from '../../documents/read-blocks.ts';
import { readSteps } from '../../documents/read-steps.ts';

const steps = (...lines: readonly string[]) => readSteps(readBlocks(lines.join('\n')));
const fenced = (language: string, ...lines: readonly string[]): string[] => [`\`\`\`${language}`, ...lines, '```'];

test('a block is read with its line, the paragraph before it and its notes, also inside a list', () => {
  const blocks = readBlocks(
    [
      'Other.',
      '',
      'Look at',
      'this:',
      '',
      '<!-- numbers vary -->',
      ...fenced('console', '$ a', '', 'b'),
      '- item',
      '',
      '  ```text',
      '  drawn',
      '  ```',
    ].join('\n'),
  );
  assert.deepEqual(blocks, [
    { language: 'console', text: '$ a\n\nb', line: 7, lead: 'Look at this:', notes: ['numbers vary'] },
    { language: 'text', text: 'drawn', line: 14, lead: '- item', notes: [] },
  ]);
  assert.throws(() => readBlocks('```sh\nls'), /line 1 is not closed/);
});

test('a session is read as commands, each with its output and exit code', () => {
  const [step] = steps(
    'It is refused (exit code 5):',
    '',
    ...fenced('console', '$ a', 'x', '', '$ b', 'error: no', '$ c', 'error: no'),
  );
  assert.deepEqual(step?.does === 'run' && step.commands, [
    { command: 'a', output: ['x'], exit: 0 },
    { command: 'b', output: ['error: no'], exit: 'failure' },
    { command: 'c', output: ['error: no'], exit: 5 },
  ]);
});

test('files, fragments, commands that keep running, and blocks that are not run are distinguished', () => {
  const read = steps(
    ...['Save this as `a.yaml`:', '', ...fenced('yaml', 'kind: A')],
    ...['<!-- shown from: examples/a.yaml -->', ...fenced('yaml', 'kind: A')],
    ...['<!-- keeps running -->', ...fenced('console', '$ npm start', 'ready')],
    ...['<!-- not run: needs an engine -->', ...fenced('console', '$ docker compose up')],
    ...fenced('mermaid', 'a --> b'),
    ...fenced('sh', 'npm ci'),
  );
  assert.deepEqual(
    read.map(({ does }) => does),
    ['write', 'find', 'start', 'skip', 'run'],
  );
});

test('a block without instructions is refused with the ways to give them', () => {
  assert.throws(
    () => steps('Such as', '', ...fenced('yaml', 'kind: A')),
    /line 3: nothing says.*Save this as.*shown from.*not run/,
  );
});

const compare = (shown: string, printed: string, numbersVary = false) =>
  compareOutput(shown.split('\n'), printed.split('\n'), { project: '/tmp/x', numbersVary });

test('values that vary are not a difference: ids, times, durations, ports, widths, the folder', () => {
  const shown =
    'ID                           TOOK   AGE\n01m7zjfsq84e9dsryxx24qfv8s   5.9s   3m20s   2026-11-21T14:32:10.481Z\nat http://127.0.0.1:8080, /home/me/tenure/.tenure (1.0 s)';
  const printed =
    'ID                           TOOK     AGE\n01aaaaaaaaaaaaaaaaaaaaaaaa   340ms   10s   2027-01-01T00:00:00Z\nat http://127.0.0.1:15001, /tmp/x/.tenure (12 s)\n';
  const compared = compare(shown, printed);
  assert.ok(compared.same, JSON.stringify(compared));
  assert.deepEqual([...compared.ids], [['01m7zjfsq84e9dsryxx24qfv8s', '01aaaaaaaaaaaaaaaaaaaaaaaa']]);
});

test('everything else is a difference: words, numbers, indentation, extra or missing lines', () => {
  for (const [shown, printed] of [
    ['a', 'b'],
    ['1 cell', '2 cells'],
    ['  a', 'a'],
    ['a\nb', 'a'],
    ['a', 'a\nb'],
    ['acme  Active', 'acme  Draft'],
  ] as const) {
    assert.ok(!compare(shown, printed).same, `${shown} / ${printed}`);
  }
});

test('a shown … matches any lines; a document can say that numbers vary', () => {
  assert.ok(compare('a\n…\nd\n  …\ne', 'a\nb\nc\nd\ne').same);
  assert.ok(!compare('a\n…\nx', 'a\nb\nc').same);
  assert.ok(compare('{"status":428,…}', '{"status":428,"detail":"neither"}').same);
  assert.ok(!compare('{"status":428,…}', '{"status":412,"detail":"neither"}').same);
  assert.ok(compare('817 probes, mongod 6.0.5', '96 probes, mongod 8.0.13', true).same);
  assert.ok(!compare('817 probes, mongod 6.0.5', '96 tries, mongod 8.0.13', true).same);
});

test('operations that run at the same time may end in any order; all other lines keep their order', () => {
  const line = (tenant: string, state: string): string =>
    `tenant/${tenant} operation/01m7zjfsq84e9dsryxx24qfv8s (suspend) ${state}`;
  assert.ok(
    compare(
      `${line('a', 'succeeded')}\n${line('b', 'succeeded')}`,
      `${line('b', 'succeeded')}\n${line('a', 'succeeded')}`,
    ).same,
  );
  assert.ok(!compare('tenant/a created\ntenant/b created', 'tenant/b created\ntenant/a created').same);
});
