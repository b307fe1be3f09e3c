import type { Document } from 'mongodb';
import { TenureError } from '../../../domain/tenure-error.ts';
import { readOnCell, writeOnCell } from '../cell-commands.ts';
import { serverCodes } from '../cell-errors.ts';
import { reversed } from '../home.ts';
import type { Home } from '../home.ts';
import { unlessOwnedByAnother } from '../home-step.ts';
import type { HomeStep, Observation } from '../home-step.ts';
import { claimedByThisOperation, confirmClaim, requireClaim } from './claim.ts';
import { digestAsRead } from './digest-as-read.ts';
import { endActivity } from './end-activity.ts';

export interface FoundUser {
  readonly roles: { readonly role: string; readonly db: string }[];
  readonly customData?: { readonly installation?: string; readonly tenant?: string; readonly config?: unknown };
  readonly mechanisms: readonly string[];
  readonly authenticationRestrictions: readonly Document[];
}

/** Opens a tenant's password, which is known to nobody between uses. */
export type PasswordOf = (uid: string) => Promise<string>;

const mechanisms = ['SCRAM-SHA-256'];
const userExists: ReadonlySet<number> = new Set([serverCodes.userExists]);
const userNotFound: ReadonlySet<number> = new Set([serverCodes.userNotFound]);

async function findUser(home: Home): Promise<FoundUser | undefined> {
  const { database, user } = home.layout;
  const { users } = await readOnCell(home, database, { usersInfo: { user, db: database }, showAuthenticationRestrictions: true });
  return (users as FoundUser[])[0];
}

function isOurs(home: Home, { customData }: FoundUser): boolean {
  return customData?.installation === home.installation && customData.tenant === home.uid;
}

/** The tenant's user where it is there. @throws TenureError owned_by_another */
async function findOwnUser(home: Home): Promise<FoundUser | undefined> {
  const user = await findUser(home);
  if (user !== undefined && !isOurs(home, user)) throw new TenureError('owned_by_another', `user "${home.layout.user}" on cell "${home.cell.name}" was not made for this tenant`);
  return user;
}

/** The user without its password. */
function definitionOf({ form, layout, installation, uid, config }: Home): { roles: Document[]; customData: Document; authenticationRestrictions: Document[] } {
  const roles = form.access === 'read-write' ? [{ role: layout.roles.readWrite, db: layout.roles.database }] : [];
  return { roles, customData: { installation, tenant: uid, config }, authenticationRestrictions: [] };
}

/** What of a user is not as it should be. */
export function userDifferences(home: Home, user: FoundUser): ('owner' | 'roles' | 'mechanisms' | 'authenticationRestrictions' | 'configuration')[] {
  const { roles } = definitionOf(home);
  const { installation: _, tenant: __, ...others } = user.customData ?? {};
  const differs = {
    owner: !isOurs(home, user),
    roles: digestAsRead({ roles: user.roles }) !== digestAsRead({ roles }),
    // Of one that is kept out, the mechanism is mended with its password, when it is let in.
    mechanisms: home.form.access === 'read-write' && user.mechanisms.join() !== mechanisms.join(),
    authenticationRestrictions: user.authenticationRestrictions.length > 0,
    configuration: digestAsRead(others) !== digestAsRead({ config: home.config }),
  };
  return (Object.keys(differs) as (keyof typeof differs)[]).filter((what) => differs[what]);
}

async function observe(home: Home): Promise<Observation> {
  const user = await findOwnUser(home);
  const { access } = home.form;
  if (access === 'absent') return user === undefined ? 'present' : 'wrong';
  if (user === undefined) return 'absent';
  return userDifferences(home, user).length === 0 ? 'present' : 'wrong';
}

/** Returns whether there was none. */
async function createIfAbsent(home: Home, pwd: () => Promise<string>): Promise<boolean> {
  if ((await findOwnUser(home)) !== undefined) return false;
  const { database, user } = home.layout;
  return (await writeOnCell(home, database, { createUser: user, pwd: await pwd(), mechanisms, ...definitionOf(home) }, userExists)) !== undefined;
}

async function letIn(home: Home, password: PasswordOf): Promise<string> {
  const { database, user } = home.layout;
  const pwd = await password(home.uid);
  if (await createIfAbsent(home, async () => pwd)) return `created user ${user}`;
  // One that is there may have another password, which cannot be read: write it anew, unless it is another's.
  await findOwnUser(home);
  await writeOnCell(home, database, { updateUser: user, pwd, mechanisms, ...definitionOf(home) });
  return `corrected user ${user}`;
}

/**
 * In this order: from the moment the update is acknowledged nothing new can begin; what had begun before is then ended.
 * The other way round, something could begin in between. Needs no password: that keys cannot be had keeps nobody in.
 */
async function takeAccess(home: Home): Promise<string> {
  const { database, user } = home.layout;
  if ((await findOwnUser(home)) !== undefined) await writeOnCell(home, database, { updateUser: user, ...definitionOf(home) }, userNotFound);
  return `ended ${await endActivity(home)} operations`;
}

async function suspend(home: Home, password: PasswordOf): Promise<string> {
  await createIfAbsent(home, () => password(home.uid));
  return `user ${home.layout.user} has no role; ${await takeAccess(home)}`;
}

/** Drops the tenant's user when nothing of it runs any more. @throws TenureError owned_by_another, cell_unavailable */
export async function dropTenantUser(home: Home): Promise<string> {
  const { database, user } = home.layout;
  const ended = await takeAccess({ ...home, form: { ...home.form, access: 'none' } });
  const dropped = await writeOnCell(home, database, { dropUser: user }, userNotFound);
  return `${dropped === undefined ? 'there is no' : 'dropped'} user ${user}; ${ended}`;
}

function bringUserTo(home: Home, password: PasswordOf): Promise<string> {
  switch (home.form.access) {
    case 'read-write':
      return letIn(home, password);
    case 'none':
      return suspend(home, password);
    case 'absent':
      return dropTenantUser(home);
  }
}

/** The tenant's own user: with its read-write role, without any, or not there, as the form of the home says. */
export function homeUser(password: PasswordOf): HomeStep {
  async function ensure(home: Home): Promise<string> {
    await requireClaim(home);
    const result = await bringUserTo(home, password);
    await confirmClaim(home);
    return result;
  }
  return { observe, ensure, undo: (home) => unlessOwnedByAnother(() => ensure(reversed(home))) };
}

/** The same for a home that an activation makes. */
export function createTenantUser(password: PasswordOf): HomeStep {
  return {
    ...homeUser(password),
    async undo(home) {
      if (!(await claimedByThisOperation(home))) return 'the home was not claimed by this operation';
      return unlessOwnedByAnother(() => dropTenantUser(home));
    },
  };
}
