import { stateColor } from './paint.ts';
import type { Paint } from './paint.ts';
import { printableLine } from './printable.ts';

export interface Column<Item> {
  readonly title: string;
  readonly value: (item: Item) => string;
  /** The value is a state and is coloured as one. */
  readonly state?: boolean;
}

const gap = '   ';

function width(text: string): number {
  return Array.from(text).length;
}

/**
 * An aligned table without borders, ending with a line feed. Widths are counted in code points. An empty value shows as "-".
 * `indent` stands before every line.
 */
export function renderTable<Item>(columns: readonly Column<Item>[], items: readonly Item[], paint: Paint, indent = ''): string {
  const rows = items.map((item) => columns.map((column) => printableLine(column.value(item)) || '-'));
  const widths = columns.map((column, index) => Math.max(width(column.title), ...rows.map((row) => width(row[index] ?? ''))));
  const last = columns.length - 1;
  const pad = (text: string, index: number): string => (index === last ? text : text + ' '.repeat((widths[index] ?? 0) - width(text)));
  const header = columns.map((column, index) => pad(column.title, index)).join(gap);
  const lines = rows.map((row) =>
    row
      .map((text, index) => {
        const color = columns[index]?.state === true ? stateColor(text) : undefined;
        // Painted after padding: the escape sequences have no width.
        return color === undefined ? pad(text, index) : pad(text, index).replace(text, () => paint(color, text));
      })
      .join(gap),
  );
  return [header, ...lines].map((line) => `${indent}${line}\n`).join('');
}

/** `Label:   value` lines with the values aligned; entries without a value are left out. */
export function renderFields(fields: readonly (readonly [label: string, value: string | undefined])[]): string {
  const shown = fields.filter((field): field is readonly [string, string] => field[1] !== undefined && field[1] !== '');
  const labelWidth = Math.max(...shown.map(([label]) => width(label))) + 1;
  return shown.map(([label, value]) => `${`${label}:`.padEnd(labelWidth)}  ${printableLine(value)}\n`).join('');
}
