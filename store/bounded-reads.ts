import type { Collection, Document } from 'mongodb';

/** What each read of control data may take of mongod's time; then it is given up, and answers "not now". */
const readLimit = { maxTimeMS: 10_000 } as const;
/** For what a process brings up when it starts: it goes over everything. */
export const goingOverAll = { maxTimeMS: 600_000 } as const;

/** At which argument the options of a read stand. */
const reads: Readonly<Record<string, number>> = {
  find: 1,
  findOne: 1,
  aggregate: 1,
  countDocuments: 1,
  estimatedDocumentCount: 0,
};

/** The collection, of which no read is without a limit of time. */
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
