import { isAlias, isMap, isNode, isScalar, isSeq } from 'yaml';
import type { Document, Pair, YAMLMap } from 'yaml';
import type { Span } from './flaw.ts';
import { mergedInto } from './merge-keys.ts';

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
