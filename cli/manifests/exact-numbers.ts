import { visit } from 'yaml';
import type { Document, Scalar } from 'yaml';

/** A number in a document that would change in JSON. */
export interface InexactNumber {
  readonly node: Scalar;
  readonly message: string;
  readonly fix: string;
}

/**
 * Converts the integers of a document that was parsed with `intAsBigInt` to numbers. Returns values that a number cannot hold
 * exactly: integers outside `Number.MIN_SAFE_INTEGER` to `Number.MAX_SAFE_INTEGER`, decimals that would lose digits, and values
 * that are not numbers in JSON.
 */
export function convertNumbers(document: Document.Parsed): InexactNumber[] {
  const inexact: InexactNumber[] = [];
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
