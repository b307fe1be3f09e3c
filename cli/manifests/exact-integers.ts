import { visit } from 'yaml';
import type { Document, Scalar } from 'yaml';

/**
 * Makes numbers of the integers of a document that was parsed with `intAsBigInt`. Returns those that a number cannot hold exactly: outside of
 * `Number.MIN_SAFE_INTEGER` to `Number.MAX_SAFE_INTEGER`.
 */
export function convertIntegers(document: Document.Parsed): Scalar[] {
  const inexact: Scalar[] = [];
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value !== 'bigint') return;
      node.value = Number(node.value);
      if (!Number.isSafeInteger(node.value)) inexact.push(node);
    },
  });
  return inexact;
}
