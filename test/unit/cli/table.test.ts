import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPaint } from '../../../cli/text/paint.ts';
import { renderFields, renderTable } from '../../../cli/text/table.ts';
import type { Column } from '../../../cli/text/table.ts';

type Row = readonly [name: string, state: string, note: string];
const columns: readonly Column<Row>[] = [
  { title: 'NAME', value: ([name]) => name },
  { title: 'STATE', value: ([, state]) => state, state: true },
  { title: 'NOTE', value: ([, , note]) => note },
];
const plain = createPaint(false);

test('columns are as wide as their widest value, and no line ends in blanks', () => {
  assert.equal(
    renderTable(
      columns,
      [
        ['acme', 'Active', 'first'],
        ['a-long-name', 'Draft', ''],
      ],
      plain,
    ),
    'NAME          STATE    NOTE\nacme          Active   first\na-long-name   Draft    -\n',
  );
});

test('widths are counted in code points', () => {
  assert.equal(
    renderTable(
      columns,
      [
        ['žluť 😀', 'Draft', 'x'],
        ['abcdef', 'Draft', 'y'],
      ],
      plain,
      '  ',
    ),
    '  NAME     STATE   NOTE\n  žluť 😀   Draft   x\n  abcdef   Draft   y\n',
  );
});

test('a value cannot break its line or control the terminal', () => {
  assert.equal(
    renderTable(columns, [['a\n b', 'Draft', '\u001b[2Jx\ty']], plain),
    'NAME   STATE   NOTE\na b    Draft   \uFFFD[2Jx y\n',
  );
});

test('only states are coloured, and colour does not move the columns', () => {
  const painted = renderTable(
    columns,
    [
      ['failed', 'failed', 'x'],
      ['b', 'Active', 'failed'],
    ],
    createPaint(true),
  );
  assert.equal(
    painted,
    'NAME     STATE    NOTE\nfailed   \u001b[31mfailed\u001b[39m   x\nb        \u001b[32mActive\u001b[39m   failed\n',
  );
});

test('fields are aligned, and those without a value are omitted', () => {
  assert.equal(
    renderFields([
      ['Name', 'acme'],
      ['Display name', 'Acme'],
      ['Labels', undefined],
      ['Notes', ''],
    ]),
    'Name:          acme\nDisplay name:  Acme\n',
  );
});
