import { isAlias, isMap, isNode, isScalar, isSeq } from 'yaml';
import type { Document, Pair, YAMLMap } from 'yaml';
import { printable } from '../text/printable.ts';
import { mergedInto } from './yaml-constructs.ts';

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
  for (let upper = starts.length; upper - line > 1;) {
    const middle = (line + upper) >>> 1;
    if ((starts[middle] ?? Infinity) <= at) line = middle;
    else upper = middle;
  }
  const lineStart = starts[line] ?? 0;
  return {
    line: line + 1,
    column: at - lineStart + 1,
    content: text.slice(lineStart, starts[line + 1]).replace(/\r?\n?$/, ''),
  };
}

/**
 * The position of the value at a path in the source: the scalar itself, or the key of a collection. With `key` it is always
 * the key. If the path leaves the document, as for a missing field, it is the key of the deepest existing part.
 */
export function spanAt(document: Document.Parsed, path: readonly PropertyKey[], want: 'value' | 'key' = 'value'): Span {
  let node: unknown = document.contents;
  let found = spanOf((isMap(node) ? node.items[0]?.key : undefined) ?? node) ?? {
    start: document.range[0],
    end: document.range[0],
  };
  for (const [index, segment] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = pairOf(node, segment, document);
      if (pair === undefined) return found;
      found = spanOf(pair.key) ?? found;
      node = pair.value;
    } else if (isSeq(node)) {
      const item: unknown = node.items[Number(segment)];
      if (item === undefined) return found;
      found = spanOf((isMap(item) ? item.items[0]?.key : undefined) ?? item) ?? found;
      node = item;
    } else return found;
    if (index === path.length - 1 && want === 'value' && (isScalar(node) || isAlias(node)))
      found = spanOf(node) ?? found;
  }
  return found;
}

/** The scalar at a path as written, without quotes; `undefined` for anything else. */
export function sourceAt(document: Document.Parsed, path: readonly PropertyKey[]): string | undefined {
  let node: unknown = document.contents;
  for (const segment of [...path, undefined]) {
    if (isAlias(node)) node = node.resolve(document);
    if (segment === undefined) break;
    node = isMap(node) ? pairOf(node, segment, document)?.value : isSeq(node) ? node.items[Number(segment)] : undefined;
  }
  return isScalar(node) ? node.source : undefined;
}

/** Looks at the mapping's own keys first, then at merged ones. */
function pairOf(map: YAMLMap, segment: PropertyKey, document: Document.Parsed): Pair | undefined {
  const own = map.items.find(({ key }) => isScalar(key) && String(key.value) === String(segment));
  if (own !== undefined) return own;
  for (const merged of mergedInto(map, document)) {
    const found = pairOf(merged, segment, document);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `undefined` for an empty node, such as the value of `name:`. */
function spanOf(node: unknown): Span | undefined {
  if (!isNode(node) || node.range == null) return undefined;
  const [start, end] = node.range;
  return end > start ? { start, end } : undefined;
}
