import { printable } from '../text/printable.ts';

/** A text that manifests are read from; `name` is how the user named it. */
export interface Source {
  readonly name: string;
  readonly text: string;
}

/** Character offsets into a source. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** What is wrong with a source, where, and what to do about it. */
export interface ManifestFlaw {
  readonly source: Source;
  readonly span: Span;
  readonly message: string;
  readonly fix?: string;
}

export const wholeSource: Span = { start: 0, end: 0 };

const frameColumns = 100;

/** `file:line:col`, lines and columns counted from one. */
export function placeOf(source: Source, { start }: Span): string {
  const { line, column } = lineAt(source, start);
  return `${source.name}:${line}:${column}`;
}

/** The line with a caret under the span; empty for an empty source. */
export function codeFrame(source: Source, { start, end }: Span): string {
  const { line, column, content } = lineAt(source, start);
  if (content.trim() === '') return '';
  // A manifest may be one line of a megabyte: only what surrounds the flaw is shown.
  const from = Math.max(0, Math.min(column - 1 - frameColumns / 2, content.length - frameColumns));
  const shown = content.slice(from, from + frameColumns);
  const before = shown.slice(0, column - 1 - from).replaceAll(/[^\t]/gu, ' ');
  const carets = Math.max(1, Math.min(end - start, shown.length - (column - 1 - from)));
  const gutter = `${line} | `;
  return `  ${gutter}${printable(shown)}\n  ${' '.repeat(gutter.length - 2)}| ${before}${'^'.repeat(carets)}\n`;
}

/** The flaw as it is printed: place and message, the line, the fix. */
export function renderFlaw({ source, span, message, fix }: ManifestFlaw): string {
  return `${placeOf(source, span)}: ${message}\n${codeFrame(source, span)}${fix === undefined ? '' : `  fix: ${fix}\n`}`;
}

/** Where the lines of a text begin; what holds thousands of manifests is not searched for each of them. */
const lineStarts = new WeakMap<Source, readonly number[]>();

function lineStartsOf(source: Source): readonly number[] {
  const known = lineStarts.get(source);
  if (known !== undefined) return known;
  const starts = [0];
  for (let at = source.text.indexOf('\n'); at !== -1; at = source.text.indexOf('\n', at + 1)) starts.push(at + 1);
  lineStarts.set(source, starts);
  return starts;
}

function lineAt(
  source: Source,
  offset: number,
): { readonly line: number; readonly column: number; readonly content: string } {
  const { text } = source;
  const at = Math.min(offset, text.length);
  const starts = lineStartsOf(source);
  let line = 0;
  for (let beyond = starts.length; beyond - line > 1;) {
    const middle = (line + beyond) >>> 1;
    if ((starts[middle] ?? Infinity) <= at) line = middle;
    else beyond = middle;
  }
  const lineStart = starts[line] ?? 0;
  return {
    line: line + 1,
    column: at - lineStart + 1,
    content: text.slice(lineStart, starts[line + 1]).replace(/\r?\n?$/, ''),
  };
}
