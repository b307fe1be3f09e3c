import { isPair, isScalar, isSeq, Scalar, visit } from 'yaml';
import type { Document } from 'yaml';

/** A scalar without quotes that YAML parsers read differently. */
export interface UncertainScalar {
  readonly path: readonly PropertyKey[];
  readonly node: Scalar;
  readonly message: string;
  readonly fix: string;
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
