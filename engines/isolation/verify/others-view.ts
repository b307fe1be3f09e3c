import { BSON } from 'mongodb';
import type { Document } from 'mongodb';
import { canonicalDigest } from '../../../contracts/canonical-json.ts';
import { listOnCell, readOnCell } from '../cell-commands.ts';
import type { Home } from '../home.ts';
import { footholds } from '../probe/boundary-attempts.ts';
import { whatStandsIn } from '../parts/standing.ts';
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
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, unordered(one)]));
}

/** Whether a probe has written to a canary: it then contains the mark of probes, or the prober's own canary. */
function isMarked(document: Document, prober: Canary): boolean {
  const text = BSON.EJSON.stringify(document);
  return text.includes(probeMark) || text.includes(prober.canary);
}

/**
 * Observes everything of a home that only the plane changes, and its canary, which its owner may change too.
 * @throws TenureError cell_unavailable
 */
export async function viewHome(home: Home, canary: Canary, prober: Canary): Promise<HomeView> {
  const { database, user, roles, ownDatabase } = home.layout;
  const collections: Document[] = [];
  const indexes: Document[] = [];
  for (const { database: holder, name } of footholds(home)) {
    collections.push(...(await listOnCell<Document>(home, holder, { listCollections: 1, filter: { name } })));
    indexes.push(...(await listOnCell<Document>(home, holder, { listIndexes: name })));
  }
  const canaries = await findCanary(home, canary);
  const found = {
    names: await whatStandsIn(home),
    collections,
    indexes,
    user: (
      await readOnCell(home, database, {
        usersInfo: { user, db: database },
        showCredentials: true,
        showAuthenticationRestrictions: true,
      })
    )['users'] as unknown,
    roles: (
      await readOnCell(home, roles.database, {
        rolesInfo: [roles.readWrite, roles.readOnly].map((role) => ({ role, db: roles.database })),
        showPrivileges: true,
      })
    )['roles'] as unknown,
    profiler:
      ownDatabase === undefined ? 0 : ((await readOnCell(home, ownDatabase, { profile: -1 }))['was'] as unknown),
    canaries,
    marked: canaries.filter((document) => isMarked(document, prober)),
  };
  return Object.fromEntries(
    Object.entries(found).map(([what, value]) => [what, canonicalDigest(unordered(BSON.EJSON.serialize({ value })))]),
  ) as HomeView;
}

/** The parts of a home that have changed, except by what its owner may have done. */
export function changesBetween(before: HomeView, after: HomeView): string[] {
  return (Object.keys(before) as (keyof HomeView)[]).filter(
    (what) => what !== 'canaries' && before[what] !== after[what],
  );
}
