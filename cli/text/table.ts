import { stateColor } from './paint.ts';
import type { Paint } from './paint.ts';
import { printableLine } from './printable.ts';

export interface Column<Item> {
  readonly title: string;
  readonly value: (item: Item) => string;
  /** The value is a state, and gets the colour of that state. */
  readonly state?: boolean;
}

const gap = '   ';

function width(text: string): number {
  return Array.from(text).length;
}

/**
 * An aligned table without borders that grows: the first rows include the header, later rows are at least as wide. Widths are
 * counted in code points. An empty value is shown as "-". `indent` is put before every line.
 */
export function createTable<Item>(
  columns: readonly Column<Item>[],
  paint: Paint,
  indent = '',
): (items: readonly Item[]) => string {
  const widths = columns.map(({ title }) => width(title));
  let header: string[][] = [columns.map(({ title }) => title)];
  const last = columns.length - 1;
  const pad = (text: string, index: number): string =>
    index === last ? text : text + ' '.repeat(Math.max(0, (widths[index] ?? 0) - width(text)));
  const painted = (text: string, index: number): string => {
    const color = columns[index]?.state === true ? stateColor(text) : undefined;
    // Painted after padding: the escape sequences have no width.
    return color === undefined ? pad(text, index) : pad(text, index).replace(text, () => paint(color, text));
  };
  return (items) => {
    const rows = items.map((item) => columns.map((column) => printableLine(column.value(item)) || '-'));
    for (const row of rows)
      for (const [index, text] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, width(text));
    const lines = [...header.map((titles) => titles.map(pad)), ...rows.map((row) => row.map(painted))];
    header = [];
    return lines.map((cells) => `${indent}${cells.join(gap)}\n`).join('');
  };
}

/** A complete table; ends with a line feed. */
export function renderTable<Item>(
  columns: readonly Column<Item>[],
  items: readonly Item[],
  paint: Paint,
  indent = '',
): string {
  return createTable(columns, paint, indent)(items);
}

/** `Label:   value` lines with the values aligned; entries without a value are omitted. */
export function renderFields(fields: readonly (readonly [label: string, value: string | undefined])[]): string {
  const shown = fields.filter((field): field is readonly [string, string] => field[1] !== undefined && field[1] !== '');
  const labelWidth = Math.max(...shown.map(([label]) => width(label))) + 1;
  return shown.map(([label, value]) => `${`${label}:`.padEnd(labelWidth)}  ${printableLine(value)}\n`).join('');
}
