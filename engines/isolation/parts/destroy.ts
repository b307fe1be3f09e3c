import { userPrefix } from '../../../domain/home-layout.ts';
import { writeOnCell } from '../cell-commands.ts';
import { serverCodes } from '../cell-errors.ts';
import type { Home } from '../home.ts';
import type { HomeStep, Observation } from '../home-step.ts';
import { reconcile } from '../reconcile.ts';
import { confirmClaim, giveUpClaim, isClaimed, requireClaim } from './claim.ts';
import { dropRoles } from './roles.ts';
import { objectsIn } from './cell-objects.ts';
import type { HomeObjects } from './cell-objects.ts';
import { dropTenantUsers } from './user.ts';

const namespaceNotFound: ReadonlySet<number> = new Set([serverCodes.namespaceNotFound]);

function judge(_home: Home, { collections, users, roles }: HomeObjects): Observation {
  return collections.length + users.length + roles.length === 0 ? 'present' : 'wrong';
}

/**
 * Drops everything in the home, also what the plane did not create: in the tenant's own database, everything belongs to
 * it.
 */
async function dropContents(home: Home, { collections, users, roles }: HomeObjects): Promise<void> {
  const { ownDatabase } = home.layout;
  if (users.some(({ name }) => name.startsWith(userPrefix(home.uid)))) await dropTenantUsers(home);
  if (roles.length > 0) await dropRoles(home);
  if (ownDatabase !== undefined) {
    if (users.length > 0) await writeOnCell(home, ownDatabase, { dropAllUsersFromDatabase: 1 });
    if (roles.length > 0) await writeOnCell(home, ownDatabase, { dropAllRolesFromDatabase: 1 });
    if (collections.some(({ database }) => database === ownDatabase))
      await writeOnCell(home, ownDatabase, { dropDatabase: 1 });
  }
  for (const { database, name } of collections) {
    if (database !== ownDatabase) await writeOnCell(home, database, { drop: name }, namespaceNotFound);
  }
}

function summaryOf(home: Home, { collections, users, roles }: HomeObjects): string {
  const declared = new Set(home.layout.namespaces.map(({ database, name }) => `${database}.${name}`));
  const others = collections.filter(({ database, name }) => !declared.has(`${database}.${name}`)).length;
  const more = [
    ...(users.length === 0 ? [] : [`${users.length} users`]),
    ...(roles.length === 0 ? [] : [`${roles.length} roles`]),
  ];
  return [`dropped ${collections.length} collections, ${others} of them not declared`, ...more].join(', ');
}

/** Resolves when nothing of the home is left. */
async function destroyContents(home: Home): Promise<string> {
  const before = await objectsIn(home);
  await reconcile(home, { observe: objectsIn, judge, repair: dropContents });
  return summaryOf(home, before);
}

const undo = async (): Promise<string> => 'what was destroyed cannot be restored';

/** A step of a purge, under a claim of this tenant; without a claim, nothing is left of the home. */
function destruction(destroy: (home: Home) => Promise<string>): HomeStep {
  return {
    observe: async (home) => ((await isClaimed(home)) ? 'partial' : 'present'),
    async ensure(home) {
      if (!(await isClaimed(home))) return 'nothing is left of this home';
      return destroy(home);
    },
    undo,
  };
}

/**
 * Destroys the tenant's users, after ending everything that they were doing. The users are destroyed first and the
 * claim last: if there is no claim even before that, this is not the tenant's home, and what is there says nothing
 * about it.
 */
export const destroyUser: HomeStep = {
  async observe(home) {
    await requireClaim(home);
    return 'partial';
  },
  async ensure(home) {
    await requireClaim(home);
    const result = await dropTenantUsers(home);
    await confirmClaim(home);
    return result;
  },
  undo,
};

export const destroyRoles = destruction(async (home) => {
  const dropped = await dropRoles(home);
  await confirmClaim(home);
  return `dropped ${dropped} roles`;
});

/** Every collection with its documents; in the tenant's own database everything, regardless of who created it. */
export const destroyData = destruction(async (home) => {
  const result = await destroyContents(home);
  await confirmClaim(home);
  return result;
});

/** Releases the claim once the home is empty: a late command may have created something again. */
export const releaseClaim = destruction(async (home) => {
  await destroyContents(home);
  return giveUpClaim(home);
});
