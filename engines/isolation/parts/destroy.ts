import { userPrefix } from '../../../domain/home-layout.ts';
import { writeOnCell } from '../cell-commands.ts';
import { serverCodes } from '../cell-errors.ts';
import type { Home } from '../home.ts';
import type { HomeStep, Observation } from '../home-step.ts';
import { reconcile } from '../reconcile.ts';
import { confirmClaim, giveUpClaim, isClaimed, requireClaim } from './claim.ts';
import { dropRoles } from './roles.ts';
import { whatStandsIn } from './standing.ts';
import type { StandingInHome } from './standing.ts';
import { dropTenantUsers } from './user.ts';

const namespaceNotFound: ReadonlySet<number> = new Set([serverCodes.namespaceNotFound]);

function judge(_home: Home, { collections, users, roles }: StandingInHome): Observation {
  return collections.length + users.length + roles.length === 0 ? 'present' : 'wrong';
}

/** Drops all that stands in the home, also what the plane has not made: in a database of the tenant's own, everything is the tenant's. */
async function mend(home: Home, { collections, users, roles }: StandingInHome): Promise<void> {
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

function counted(home: Home, { collections, users, roles }: StandingInHome): string {
  const declared = new Set(home.layout.namespaces.map(({ database, name }) => `${database}.${name}`));
  const others = collections.filter(({ database, name }) => !declared.has(`${database}.${name}`)).length;
  const besides = [
    ...(users.length === 0 ? [] : [`${users.length} users`]),
    ...(roles.length === 0 ? [] : [`${roles.length} roles`]),
  ];
  return [`dropped ${collections.length} collections, ${others} of them not declared`, ...besides].join(', ');
}

/** Resolves when nothing of the home is seen any more. */
async function raze(home: Home): Promise<string> {
  const stood = await whatStandsIn(home);
  await reconcile(home, { look: whatStandsIn, judge, mend });
  return counted(home, stood);
}

const undo = async (): Promise<string> => 'what was destroyed stays destroyed';

/** A step of a purge, under a claim of this tenant; where there is none, nothing is left of the home. */
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
 * The tenant's users, after everything that they were doing has been ended. They are the first to be destroyed, and the claim is the last: where there is none
 * before anything is destroyed, this is not the tenant's home, and what is seen says nothing of it.
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

/** Every collection with its documents; with a database of the tenant's own, everything in it, by whomever it was made. */
export const destroyData = destruction(async (home) => {
  const result = await raze(home);
  await confirmClaim(home);
  return result;
});

/** The claim, when nothing stands in the home any more: a command that came late may have made something anew. */
export const releaseClaim = destruction(async (home) => {
  await raze(home);
  return giveUpClaim(home);
});
