import type { Collection, Document } from 'mongodb';

/** How long mongod may work on one read of control data. After that the read fails, and the caller gets "not now". */
const readLimit = { maxTimeMS: 10_000 } as const;
/** For work over all data that a process does when it starts. */
export const goingOverAll = { maxTimeMS: 600_000 } as const;

/** The position of the options among the arguments of each read. */
const reads: Readonly<Record<string, number>> = {
  find: 1,
  findOne: 1,
  aggregate: 1,
  countDocuments: 1,
  estimatedDocumentCount: 0,
};

/** The same collection, with a time limit on every read. */
export function withBoundedReads<Of extends Document>(collection: Collection<Of>): Collection<Of> {
  return new Proxy(collection, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const at = typeof name === 'string' && Object.hasOwn(reads, name) ? reads[name] : undefined;
      if (at === undefined) return value.bind(target) as unknown;
      return (...given: unknown[]): unknown => {
        const options = { ...readLimit, ...(given[at] as object | undefined) };
        return Reflect.apply(
          value,
          target,
          at === 0 ? [options] : [given[0] ?? (name === 'aggregate' ? [] : {}), options],
        ) as unknown;
      };
    },
  });
}
