import { isAlias, isCollection, isPair, isScalar, isMap, isSeq, Scalar, visit } from 'yaml';
import type { Alias, Document, Node, Pair, YAMLMap } from 'yaml';

/**
 * The limit for one document with its aliases expanded. The API takes 1 MiB of JSON; indentation and ignored fields add
 * to that.
 */
export const maxDocumentBytes = 4 * 1024 * 1024;

/** What is wrong with one node of a document. */
interface NodeFlaw {
  readonly node: Node;
  readonly message: string;
  readonly fix: string;
}

/**
 * Finds an alias that makes a document too long when every alias is expanded ("billion laughs"), or that has no anchor.
 * Takes one pass: the length of each anchor is counted once.
 */
export function findAliasFlaw(document: Document.Parsed): NodeFlaw | undefined {
  const lengths = new Map<string, number>();
  let lastAlias: Alias | undefined;
  let flaw: NodeFlaw | undefined;

  function lengthOf(node: unknown): number {
    if (flaw !== undefined) return 0;
    if (isAlias(node)) {
      const length = lengths.get(node.source);
      if (length === undefined)
        flaw = {
          node,
          message: `there is no complete anchor &${node.source} before this alias`,
          fix: 'write the value instead of the alias',
        };
      lastAlias = node;
      return length ?? 0;
    }
    if (isPair(node)) return lengthOf(node.key) + lengthOf(node.value);
    if (isScalar(node))
      return anchored(node.anchor, () => 1 + (node.range == null ? 0 : node.range[1] - node.range[0]));
    if (!isCollection(node)) return 0;
    return anchored(node.anchor, () => {
      let length = 1;
      for (const item of node.items) {
        length += lengthOf(item);
        // The alias may be at any depth below.
        if (length > maxDocumentBytes && lastAlias !== undefined) flaw ??= tooLong(lastAlias);
      }
      return length;
    });
  }

  function anchored(anchor: string | undefined, measure: () => number): number {
    // An anchor is not defined inside its own value.
    if (anchor !== undefined) lengths.delete(anchor);
    const length = measure();
    if (anchor !== undefined) lengths.set(anchor, length);
    return length;
  }

  lengthOf(document.contents);
  return flaw;
}

function tooLong(alias: Alias): NodeFlaw {
  return {
    node: alias,
    message: `with the alias *${alias.source} expanded, the document is longer than 4 MiB`,
    fix: 'use fewer aliases',
  };
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
export function findMergeFlaw(document: Document.Parsed): NodeFlaw | undefined {
  let flaw: NodeFlaw | undefined;
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

/**
 * Converts the integers of a document that was parsed with `intAsBigInt` to numbers. Returns values that a number cannot hold
 * exactly: integers outside `Number.MIN_SAFE_INTEGER` to `Number.MAX_SAFE_INTEGER`, decimals that would lose digits, and values
 * that are not numbers in JSON.
 */
export function convertNumbers(document: Document.Parsed): NodeFlaw[] {
  const inexact: NodeFlaw[] = [];
  visit(document, {
    Scalar(_key, node) {
      const { value, source = '' } = node;
      if (typeof value === 'bigint') {
        node.value = Number(value);
        if (!Number.isSafeInteger(node.value))
          inexact.push({
            node,
            message: 'this integer cannot be stored exactly',
            fix: `put it in quotes, or use a value within ±${Number.MAX_SAFE_INTEGER}`,
          });
      } else if (typeof value === 'number' && !Number.isFinite(value)) {
        inexact.push({ node, message: 'this number cannot be stored', fix: `put it in quotes: "${source}"` });
      } else if (typeof value === 'number' && significant(source) !== significant(String(value))) {
        inexact.push({
          node,
          message: 'this number cannot be stored exactly',
          fix: `put it in quotes, or write the value that would be stored: ${value}`,
        });
      }
    },
  });
  return inexact;
}

/** A decimal without its sign, as digits and power of ten: the same for equal numbers. */
function significant(decimal: string): string {
  const [mantissa = '', exponent = '0'] = decimal.toLowerCase().replace(/^[-+]/, '').split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const kept = digits.replace(/0+$/, '');
  return kept === '' ? '0' : `${kept}e${Number(exponent) - fraction.length + (digits.length - kept.length)}`;
}

/** A scalar without quotes that YAML parsers read differently. */
interface UncertainScalar extends NodeFlaw {
  readonly path: readonly PropertyKey[];
}

const booleanWords: Readonly<Record<string, boolean>> = { yes: true, on: true, no: false, off: false };
const leadingZero = /^[-+]?0[0-9]+$/;
const underscores = /^[-+]?[0-9][0-9_]*_[0-9_]*(\.[0-9_]*)?$/;

/** What an unquoted word or number means in YAML 1.1, as Kubernetes reads it; `undefined` if it means the same in YAML 1.2. */
function otherReading(source: string): { readonly message: string; readonly fix: string } | undefined {
  const word = booleanWords[source.toLowerCase()];
  if (word !== undefined && /^([a-z]+|[A-Z][a-z]+|[A-Z]+)$/.test(source))
    return {
      message: `${source} is text here, but ${word} for other YAML parsers`,
      fix: `write ${word}, or put it in quotes: "${source}"`,
    };
  if (leadingZero.test(source))
    return {
      message: `${source} is the number ${Number(source)} here, but may be octal for other YAML parsers`,
      fix: `put it in quotes: "${source}"; or write ${Number(source)}`,
    };
  if (underscores.test(source))
    return {
      message: `${source} is text here, but a number for other YAML parsers`,
      fix: `write ${source.replaceAll('_', '')}, or put it in quotes: "${source}"`,
    };
  return undefined;
}

/** The boolean or number that a YAML 1.1 word means, for a field of that type. */
export function meantBy(text: string): boolean | number | undefined {
  if (underscores.test(text)) return Number(text.replaceAll('_', ''));
  return booleanWords[text.toLowerCase()];
}

export function findUncertain(document: Document.Parsed): UncertainScalar[] {
  const found: UncertainScalar[] = [];
  visit(document, {
    Scalar(key, node, ancestors) {
      if (key === 'key' || node.type !== Scalar.PLAIN || node.tag !== undefined) return;
      const reading = otherReading(node.source ?? '');
      if (reading !== undefined) found.push({ path: pathTo(node, ancestors), node, ...reading });
    },
  });
  return found;
}

function pathTo(node: Scalar, ancestors: readonly unknown[]): PropertyKey[] {
  const chain = [...ancestors, node];
  return chain.flatMap((at, index): PropertyKey[] => {
    if (isPair(at)) return [isScalar(at.key) ? String(at.key.value) : ''];
    return isSeq(at) ? [at.items.indexOf(chain[index + 1])] : [];
  });
}
