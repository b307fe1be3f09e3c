import type { Document } from 'mongodb';
import { userPrefix } from '../../../domain/home-layout.ts';
import { TenureError } from '../../../domain/tenure-error.ts';
import { listOnCell } from '../cell-commands.ts';
import type { Home } from '../home.ts';
import { digestAsRead } from './digest-as-read.ts';

export interface FoundUser {
  readonly user: string;
  readonly roles: { readonly role: string; readonly db: string }[];
  readonly customData?: { readonly installation?: string; readonly tenant?: string; readonly config?: unknown };
  readonly mechanisms: readonly string[];
  readonly authenticationRestrictions: readonly Document[];
}

/** The only login mechanisms of a tenant's user. */
export const mechanisms = ['SCRAM-SHA-256'];

const userProjection = {
  _id: false,
  user: true,
  roles: true,
  customData: true,
  mechanisms: { $map: { input: { $objectToArray: '$credentials' }, in: '$$this.k' } },
  authenticationRestrictions: { $ifNull: ['$authenticationRestrictions', []] },
};

/** Every user with a name of the tenant, with its roles. `usersInfo` finds users by full name only. */
export function findUsers({ uid, layout, ...work }: Home): Promise<FoundUser[]> {
  const filter = { db: layout.database, user: { $regex: `^${userPrefix(uid)}(_|$)` } };
  return listOnCell(work, 'admin', {
    find: 'system.users',
    filter,
    projection: userProjection,
    sort: { user: 1 },
    batchSize: 10_000,
    readConcern: { level: 'majority' },
  });
}

function isOurs({ installation, uid }: Home, { customData }: FoundUser): boolean {
  return customData?.installation === installation && customData.tenant === uid;
}

/**
 * The tenant's users.
 * @throws TenureError owned_by_another if a user with such a name was not created for the tenant
 */
export async function findOwnUsers(home: Home): Promise<FoundUser[]> {
  const found = await findUsers(home);
  const foreign = found.find((user) => !isOurs(home, user));
  if (foreign !== undefined)
    throw new TenureError(
      'owned_by_another',
      `user "${foreign.user}" on cell "${home.cell.name}" was not created for this tenant`,
    );
  return found;
}

/** The definition of a user, without its password. */
export function definitionOf({ form, layout, installation, uid, config }: Home): {
  roles: Document[];
  customData: Document;
  authenticationRestrictions: Document[];
} {
  const roles = form.access === 'read-write' ? [{ role: layout.roles.readWrite, db: layout.roles.database }] : [];
  return { roles, customData: { installation, tenant: uid, config }, authenticationRestrictions: [] };
}

/** Whether the user has the tenant's role, regardless of other roles. */
export function hasRole({ layout: { roles } }: Home, user: FoundUser): boolean {
  return user.roles.some(({ role, db }) => role === roles.readWrite && db === roles.database);
}

/** Which properties of a user are not as they should be. */
export function userDifferences(
  home: Home,
  user: FoundUser,
): ('owner' | 'roles' | 'mechanisms' | 'authenticationRestrictions' | 'configuration')[] {
  const { roles } = definitionOf(home);
  const { installation: _, tenant: __, ...others } = user.customData ?? {};
  const differs = {
    owner: !isOurs(home, user),
    roles: digestAsRead({ roles: user.roles }) !== digestAsRead({ roles }),
    // The mechanism of a user without access is corrected together with its password, when it gets access.
    mechanisms: home.form.access === 'read-write' && user.mechanisms.join() !== mechanisms.join(),
    authenticationRestrictions: user.authenticationRestrictions.length > 0,
    configuration: digestAsRead(others) !== digestAsRead({ config: home.config }),
  };
  return (Object.keys(differs) as (keyof typeof differs)[]).filter((what) => differs[what]);
}
