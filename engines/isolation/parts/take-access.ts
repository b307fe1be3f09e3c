import { TenureError } from '../../../domain/tenure-error.ts';
import { writeOnCell } from '../cell-commands.ts';
import { serverCodes } from '../cell-errors.ts';
import type { Home } from '../home.ts';
import { endActivity } from './end-activity.ts';
import { definitionOf, findOwnUsers } from './tenant-users.ts';
import type { FoundUser } from './tenant-users.ts';

/** Checks after the first one; more are needed only while somebody grants roles by hand. */
const maxChecks = 5;
const userNotFound: ReadonlySet<number> = new Set([serverCodes.userNotFound]);

export interface RevokedAccess {
  /** The tenant's users, none of which has a role now. */
  readonly users: readonly FoundUser[];
  /** Operations that were ended. */
  readonly ended: number;
}

/**
 * Revokes the roles of all the tenant's users and ends what they started, in this order: once the update is
 * acknowledged, nothing new can start, and what started before is then ended. In the opposite order, something could
 * start in between. Then it checks again. It needs no password, so access can be revoked even if the keys are
 * unavailable.
 * @throws TenureError owned_by_another, cell_unavailable
 */
export async function takeAccess(home: Home): Promise<RevokedAccess> {
  const { database, user: current } = home.layout;
  const { customData } = definitionOf(home);
  const noRoles = { roles: [], authenticationRestrictions: [] };
  let users = await findOwnUsers(home);
  let ended = 0;
  for (let checks = 0; ; checks += 1) {
    for (const { user, roles } of users) {
      // The user that stays also gets its configuration.
      if (user === current && checks === 0)
        await writeOnCell(home, database, { updateUser: user, ...noRoles, customData }, userNotFound);
      else if (roles.length > 0) await writeOnCell(home, database, { updateUser: user, ...noRoles }, userNotFound);
    }
    ended += await endActivity(home, [...new Set([current, ...users.map(({ user }) => user)])]);
    users = await findOwnUsers(home);
    if (users.every(({ roles }) => roles.length === 0)) return { users, ended };
    if (checks === maxChecks)
      throw new TenureError(
        'cell_unavailable',
        `a user of tenant ${home.uid} on cell "${home.cell.name}" is repeatedly granted roles by somebody else`,
      );
  }
}

/** Drops users of the tenant. They must have no running activity, because dropping a user does not end it. */
export async function dropUsers(home: Home, users: readonly FoundUser[]): Promise<void> {
  for (const { user } of users) await writeOnCell(home, home.layout.database, { dropUser: user }, userNotFound);
}
