import type { Document } from 'mongodb';

/** Which attempts may have left something behind. What one makes has a name that ends in the attempt's id, which begins with the verification's. */
export interface Leftovers {
  /** All earlier attempts at this verification. */
  readonly verification: string;
  /** Every verification older than this id: ids ascend with time, and none runs that long. */
  readonly olderThan: string;
}

/** A filter for what such attempts have made, by the names that begin with `prefix`. */
export function leftBehind(field: string, prefix: string, { verification, olderThan }: Leftovers): Document {
  // No id holds a character behind "z", and "{" is the next one.
  return {
    $or: [
      { [field]: { $gte: `${prefix}${verification}`, $lt: `${prefix}${verification}{` } },
      { [field]: { $gte: prefix, $lt: `${prefix}${olderThan}` } },
    ],
  };
}
