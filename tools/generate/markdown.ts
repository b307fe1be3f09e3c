import { generatedNotice } from './generated-file.ts';
import type { GeneratedFile } from './generated-file.ts';

/** A Markdown table. Cells are Markdown; a `|` in them is escaped. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A JSON value for readers: strings without quotes. */
export function plainText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A generated reference page. `blocks` are paragraphs, headings, lists and tables. */
export function markdownPage(path: string, source: string, blocks: readonly string[]): GeneratedFile {
  return { path, content: `${[`<!-- ${generatedNotice(source)} -->`, ...blocks].join('\n\n')}\n` };
}
