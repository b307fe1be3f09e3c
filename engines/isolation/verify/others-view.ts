import { BSON } from 'mongodb';
import type { Document } from 'mongodb';
import { canonicalDigest } from '../../../contracts/canonical-json.ts';
import { listOnCell, readOnCell } from '../cell-commands.ts';
import type { Home } from '../home.ts';
import { footholds } from '../probe/boundary-attempts.ts';
import { objectsIn } from '../parts/cell-objects.ts';
import { findCanary } from './canaries.ts';
import type { Canary } from './canaries.ts';
import { probeMark } from './probe.ts';

/**
 * Digests of what the plane sees of a home, by part. The tenant's own documents are not included, because their owner
 * writes them all the time.
 */
export type HomeView = Readonly<
  Record<'names' | 'collections' | 'indexes' | 'user' | 'roles' | 'profiler' | 'canaries' | 'marked', string>
>;

/** Sorts all arrays, because mongod returns roles and rights in no stable order. */
function unordered(value: unknown): unknown {
  if (Array.isArray(value))
    return value.map(unordered).toSorted((a, b) => (canonicalDigest(a) < canonicalDigest(b) ? -1 : 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unordered(item)]));
}

/** Whether a probe has written to a canary: it then contains the mark of probes, or the prober's own canary. */
function isMarked(document: Document, prober: Canary): boolean {
  const text = BSON.EJSON.stringify(document);
  return text.includes(probeMark) || text.includes(prober.canary);
}

/**
 * Returns a function that observes everything of a home that only the plane changes, and its canary, which its owner
 * may change too. It throws TenureError cell_unavailable. Between two calls most parts are equal to the byte; only the
 * others are digested again.
 */
export function createHomeView(home: Home, canary: Canary, prober: Canary): () => Promise<HomeView> {
  const { database, user, roles, ownDatabase } = home.layout;
  const last = new Map<string, { readonly bytes: Uint8Array; readonly digest: string }>();

  function digestOf(part: string, value: unknown): string {
    const bytes = BSON.serialize({ value });
    const before = last.get(part);
    if (before !== undefined && Buffer.compare(before.bytes, bytes) === 0) return before.digest;
    const digest = canonicalDigest(unordered(BSON.EJSON.serialize({ value })));
    last.set(part, { bytes, digest });
    return digest;
  }

  const inEachFoothold = (command: (name: string) => Document): Promise<Document[][]> =>
    Promise.all(footholds(home).map(({ database: holder, name }) => listOnCell<Document>(home, holder, command(name))));

  return async () => {
    const [names, collections, indexes, users, grants, profiler, canaries] = await Promise.all([
      objectsIn(home),
      inEachFoothold((name) => ({ listCollections: 1, filter: { name } })),
      inEachFoothold((name) => ({ listIndexes: name })),
      readOnCell(home, database, {
        usersInfo: { user, db: database },
        showCredentials: true,
        showAuthenticationRestrictions: true,
      }),
      readOnCell(home, roles.database, {
        rolesInfo: [roles.readWrite, roles.readOnly].map((role) => ({ role, db: roles.database })),
        showPrivileges: true,
      }),
      ownDatabase === undefined ? undefined : readOnCell(home, ownDatabase, { profile: -1 }),
      findCanary(home, canary),
    ]);
    const found: Readonly<Record<keyof HomeView, unknown>> = {
      names,
      collections: collections.flat(),
      indexes: indexes.flat(),
      user: users['users'],
      roles: grants['roles'],
      profiler: profiler === undefined ? 0 : profiler['was'],
      canaries,
      marked: canaries.filter((document) => isMarked(document, prober)),
    };
    return Object.fromEntries(Object.entries(found).map(([part, value]) => [part, digestOf(part, value)])) as HomeView;
  };
}

/** The parts of a home that have changed, except by what its owner may have done. */
export function changesBetween(before: HomeView, after: HomeView): string[] {
  return (Object.keys(before) as (keyof HomeView)[]).filter(
    (what) => what !== 'canaries' && before[what] !== after[what],
  );
}
