import { BSON } from 'mongodb';
import type { Document } from 'mongodb';
import { canonicalDigest } from '../../../contracts/canonical-json.ts';

/**
 * The digest of a document as it is when it has been read from mongod, also of one that has not been yet: the driver makes a value of its own
 * of what looks like a reference. What somebody else has written may hold values that JSON has not.
 */
export function digestAsRead(document: Document): string {
  return canonicalDigest(BSON.EJSON.serialize(BSON.deserialize(BSON.serialize(document))));
}
