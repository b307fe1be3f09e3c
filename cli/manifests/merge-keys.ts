import { isAlias, isMap, isScalar, isSeq, Scalar, visit } from 'yaml';
import type { Document, Node, Pair, YAMLMap } from 'yaml';

export interface MergeFlaw {
  readonly node: Node;
  readonly message: string;
  readonly fix: string;
}

/** Whether a pair is a merge key, `<<: …`. In quotes it is an ordinary key. */
function isMergePair({ key }: Pair): boolean {
  return isScalar(key) && key.value === '<<' && (key.type === undefined || key.type === Scalar.PLAIN);
}

/** The mappings that a mapping merges, in order of precedence. */
export function mergedInto(map: YAMLMap, document: Document.Parsed): readonly YAMLMap[] {
  return map.items
    .filter(isMergePair)
    .flatMap(({ value }) => {
      const source = isAlias(value) ? value.resolve(document) : value;
      return isSeq(source) ? source.items : [source];
    })
    .map((source) => (isAlias(source) ? source.resolve(document) : source))
    .filter((source): source is YAMLMap => isMap(source));
}

/** Finds a merge key whose value is neither a mapping nor a list of mappings. Check the aliases first. */
export function findMergeFlaw(document: Document.Parsed): MergeFlaw | undefined {
  let flaw: MergeFlaw | undefined;
  visit(document, {
    Pair(_key, pair) {
      if (!isMergePair(pair)) return undefined;
      const resolved = isAlias(pair.value) ? pair.value.resolve(document) : pair.value;
      const sources = isSeq(resolved) ? resolved.items : [resolved];
      if (sources.every((source) => isMap(isAlias(source) ? source.resolve(document) : source))) return undefined;
      flaw = {
        node: pair.key as Node,
        message: 'a merge key takes a mapping, or a list of mappings',
        fix: 'use an alias of a mapping, such as <<: *defaults; for a key with this name, put it in quotes: "<<"',
      };
      return visit.BREAK;
    },
  });
  return flaw;
}
