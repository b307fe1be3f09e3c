import { BSON } from 'mongodb';
import type { Document } from 'mongodb';
import { canonicalDigest } from '../../../contracts/canonical-json.ts';

/**
 * The digest of a document in the form in which it is read from mongod, also for one that was not read yet: the driver
 * turns what looks like a reference into its own type. Documents written by others may contain values that JSON does
 * not have.
 */
export function digestAsRead(document: Document): string {
  return canonicalDigest(BSON.EJSON.serialize(BSON.deserialize(BSON.serialize(document))));
}
