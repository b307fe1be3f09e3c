import { randomBytes } from 'node:crypto';
import { userName } from '../../../domain/home-layout.ts';
import { writeOnCell } from '../cell-commands.ts';
import { reversed } from '../home.ts';
import type { Home } from '../home.ts';
import { unlessOwnedByAnother } from '../home-step.ts';
import type { HomeStep, Observation } from '../home-step.ts';
import { claimedByThisOperation, confirmClaim, requireClaim } from './claim.ts';
import { dropUsers, takeAccess } from './take-access.ts';
import { definitionOf, findOwnUsers, hasRole, mechanisms, userDifferences } from './tenant-users.ts';
import type { FoundUser } from './tenant-users.ts';

/** Decrypts a tenant's password, which is not kept between uses. */
export type PasswordOf = (uid: string) => Promise<string>;

/** What was done, for people, and the user that is current from now on; absent if that has not changed. */
export interface UserOutcome {
  readonly result: string;
  readonly user?: string;
}

async function observe(home: Home): Promise<Observation> {
  const found = await findOwnUsers(home);
  if (home.form.access === 'absent') return found.length === 0 ? 'present' : 'wrong';
  if (found.length === 0) return 'absent';
  const [user, ...others] = found;
  const isAlone = others.length === 0 && user?.user === home.layout.user;
  return isAlone && userDifferences(home, user).length === 0 ? 'present' : 'wrong';
}

/**
 * Creates a user with a name that no command has used before. The command is sent once: if its answer is lost, another
 * attempt creates another user. So a delayed command can only create a user that nobody knows, and no delayed command
 * can grant a role to a known one.
 */
async function create(home: Home, pwd: string): Promise<string> {
  const user = userName(home.uid, randomBytes(12).toString('hex'));
  await writeOnCell(home, home.layout.database, { createUser: user, pwd, mechanisms, ...definitionOf(home) });
  return user;
}

/**
 * Corrects a user that has its role. The password is always written again, because it cannot be read and may be wrong.
 */
async function correct(home: Home, { user, roles }: FoundUser, pwd: string): Promise<string> {
  const { database, roles: own } = home.layout;
  const { roles: _, ...definition } = definitionOf(home);
  const tooMany = roles.filter(({ role, db }) => role !== own.readWrite || db !== own.database);
  if (tooMany.length > 0) await writeOnCell(home, database, { revokeRolesFromUser: user, roles: tooMany });
  await writeOnCell(home, database, { updateUser: user, pwd, mechanisms, ...definition });
  return user;
}

async function grantAccess(home: Home, password: PasswordOf): Promise<UserOutcome> {
  const found = await findOwnUsers(home);
  const pwd = await password(home.uid);
  // Take over a user that an earlier attempt created; all attempts choose the same one.
  const withRole = found.filter((user) => hasRole(home, user));
  const kept = withRole.find(({ user }) => user === home.layout.user) ?? withRole[0];
  const user = kept === undefined ? await create(home, pwd) : await correct(home, kept, pwd);
  // Another attempt may be about to commit a user that has the role, unless the current user was already committed.
  const others = found.filter(
    (other) => other.user !== user && (user === home.layout.user || !withRole.includes(other)),
  );
  await dropUsers(home, others);
  return { result: `${kept === undefined ? 'created' : 'corrected'} user ${user}`, user };
}

async function revokeAccess(home: Home, password: PasswordOf): Promise<UserOutcome> {
  const { users, ended } = await takeAccess(home);
  const kept = users.find(({ user }) => user === home.layout.user);
  const user = kept?.user ?? (await create(home, await password(home.uid)));
  await dropUsers(
    home,
    users.filter((other) => other !== kept),
  );
  return { result: `user ${user} has no role; ended ${ended} operations`, user };
}

/** Drops the tenant's users once nothing of theirs runs. @throws TenureError owned_by_another, cell_unavailable */
export async function dropTenantUsers(home: Home): Promise<string> {
  const { users, ended } = await takeAccess(home);
  await dropUsers(home, users);
  return `${users.length === 0 ? 'there was no user' : `dropped user ${users.map(({ user }) => user).join(', ')}`}; ended ${ended} operations`;
}

async function reconcileUser(home: Home, password: PasswordOf): Promise<UserOutcome> {
  switch (home.form.access) {
    case 'read-write':
      return grantAccess(home, password);
    case 'none':
      return revokeAccess(home, password);
    case 'absent':
      return { result: await dropTenantUsers(home) };
  }
}

const leftUnchanged = (result: string): UserOutcome => ({ result });

/** The tenant's own user: with its read-write role, without any role, or absent, depending on the form of the home. */
export function homeUser(password: PasswordOf): HomeStep<UserOutcome> {
  async function ensure(home: Home): Promise<UserOutcome> {
    await requireClaim(home);
    const outcome = await reconcileUser(home, password);
    await confirmClaim(home);
    return outcome;
  }
  return { observe, ensure, undo: (home) => unlessOwnedByAnother(() => ensure(reversed(home)), leftUnchanged) };
}

/** The same for a home that an activation creates. */
export function createTenantUser(password: PasswordOf): HomeStep<UserOutcome> {
  return {
    ...homeUser(password),
    async undo(home) {
      if (!(await claimedByThisOperation(home))) return { result: 'this operation did not claim the home' };
      return unlessOwnedByAnother(async () => ({ result: await dropTenantUsers(home) }), leftUnchanged);
    },
  };
}
