import { visit } from 'yaml';
import type { Document, Scalar } from 'yaml';

/** A number of a document that would be another one in JSON. */
export interface InexactNumber {
  readonly node: Scalar;
  readonly message: string;
  readonly fix: string;
}

/**
 * Makes numbers of the integers of a document that was parsed with `intAsBigInt`. Returns what a number cannot hold exactly: integers outside of
 * `Number.MIN_SAFE_INTEGER` to `Number.MAX_SAFE_INTEGER`, decimals with digits that would be lost, and what JSON has no number for.
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
            message: 'this integer cannot be kept exactly',
            fix: `put it in quotes, or keep it between ±${Number.MAX_SAFE_INTEGER}`,
          });
      } else if (typeof value === 'number' && !Number.isFinite(value)) {
        inexact.push({ node, message: 'this is no number that can be kept', fix: `put it in quotes: "${source}"` });
      } else if (typeof value === 'number' && significant(source) !== significant(String(value))) {
        inexact.push({
          node,
          message: 'this number cannot be kept exactly',
          fix: `put it in quotes, or write what would be kept: ${value}`,
        });
      }
    },
  });
  return inexact;
}

/** A decimal without sign, as its digits and its power of ten: equal for equal numbers. */
function significant(decimal: string): string {
  const [mantissa = '', exponent = '0'] = decimal.toLowerCase().replace(/^[-+]/, '').split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const kept = digits.replace(/0+$/, '');
  return kept === '' ? '0' : `${kept}e${Number(exponent) - fraction.length + (digits.length - kept.length)}`;
}
