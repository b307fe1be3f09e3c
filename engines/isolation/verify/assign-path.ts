import type { Document } from 'mongodb';

/** Sets a value deep in a document and creates missing parents; `undefined` removes the field. */
export function assignPath(document: Document, [key = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    if (value === undefined) delete document[key];
    else document[key] = value;
    return;
  }
  if (typeof document[key] !== 'object' || document[key] === null) document[key] = {};
  assignPath(document[key] as Document, rest, value);
}
