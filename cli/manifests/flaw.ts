import { printable } from '../text/printable.ts';

/** A text that contains manifests; `name` is the name that the user gave. */
export interface Source {
  readonly name: string;
  readonly text: string;
}

/** Character offsets into a source. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** What is wrong in a source, where, and how to fix it. */
export interface ManifestFlaw {
  readonly source: Source;
  readonly span: Span;
  readonly message: string;
  readonly fix?: string;
}

export const wholeSource: Span = { start: 0, end: 0 };

const frameColumns = 100;

/** `file:line:col`; lines and columns start at 1. */
export function placeOf(source: Source, { start }: Span): string {
  const { line, column } = lineAt(source, start);
  return `${source.name}:${line}:${column}`;
}

/** The line with a caret under the span; empty for an empty source. */
export function codeFrame(source: Source, { start, end }: Span): string {
  const { line, column, content } = lineAt(source, start);
  if (content.trim() === '') return '';
  // A manifest may be a single line of a megabyte: show only the part around the flaw.
  const from = Math.max(0, Math.min(column - 1 - frameColumns / 2, content.length - frameColumns));
  const shown = content.slice(from, from + frameColumns);
  const before = shown.slice(0, column - 1 - from).replaceAll(/[^\t]/gu, ' ');
  const carets = Math.max(1, Math.min(end - start, shown.length - (column - 1 - from)));
  const gutter = `${line} | `;
  return `  ${gutter}${printable(shown)}\n  ${' '.repeat(gutter.length - 2)}| ${before}${'^'.repeat(carets)}\n`;
}

/** The flaw as text: place and message, the line, the fix. */
export function renderFlaw({ source, span, message, fix }: ManifestFlaw): string {
  return `${placeOf(source, span)}: ${message}\n${codeFrame(source, span)}${fix === undefined ? '' : `  fix: ${fix}\n`}`;
}

/** Offsets of the lines of a text, cached because a file may contain thousands of manifests. */
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
