import type { Document } from 'mongodb';

/**
 * The attempts that may have left something behind. What an attempt creates has a name that ends in the attempt's id,
 * which begins with the verification's id.
 */
export interface Leftovers {
  /** Covers all earlier attempts at this verification. */
  readonly verification: string;
  /** Covers every verification older than this id: ids ascend with time, and no verification runs that long. */
  readonly olderThan: string;
}

/** A filter for what such attempts created, with names that begin with `prefix`. */
export function leftBehind(field: string, prefix: string, { verification, olderThan }: Leftovers): Document {
  // "{" follows "z", the highest character in an id.
  return {
    $or: [
      { [field]: { $gte: `${prefix}${verification}`, $lt: `${prefix}${verification}{` } },
      { [field]: { $gte: prefix, $lt: `${prefix}${olderThan}` } },
    ],
  };
}
