import type { Document } from 'mongodb';
import { TenureError } from '../../../domain/tenure-error.ts';
import { readOnCell, writeOnCell } from '../cell-commands.ts';
import { serverCodes } from '../cell-errors.ts';
import type { Home } from '../home.ts';
import type { HomeStep, Observation } from '../home-step.ts';
import { claimedByThisOperation, requireClaim } from './claim.ts';

interface FoundUser {
  readonly roles: { readonly role: string; readonly db: string }[];
  readonly customData?: { readonly installation?: string; readonly tenant?: string };
  readonly mechanisms: readonly string[];
  readonly authenticationRestrictions: readonly Document[];
}

const mechanisms = ['SCRAM-SHA-256'];
const userExists: ReadonlySet<number> = new Set([serverCodes.userExists]);
const userNotFound: ReadonlySet<number> = new Set([serverCodes.userNotFound]);

async function findUser(home: Home): Promise<FoundUser | undefined> {
  const { database, user } = home.names;
  const { users } = await readOnCell(home, database, { usersInfo: { user, db: database }, showAuthenticationRestrictions: true });
  return (users as FoundUser[])[0];
}

function isOurs(home: Home, { customData }: FoundUser): boolean {
  return customData?.installation === home.installation && customData.tenant === home.uid;
}

async function observe(home: Home): Promise<Observation> {
  const user = await findUser(home);
  if (user === undefined) return 'absent';
  if (!isOurs(home, user)) throw new TenureError('owned_by_another', `user "${home.names.user}" on cell "${home.cell.name}" was not made for this tenant`);
  const [role, ...more] = user.roles;
  const hasItsRole = role?.role === home.names.readWriteRole && role.db === home.names.database && more.length === 0;
  return hasItsRole && user.mechanisms.join() === mechanisms.join() && user.authenticationRestrictions.length === 0 ? 'present' : 'wrong';
}

/** The tenant's own user with its read-write role. */
export function createTenantUser(password: (uid: string) => Promise<string>): HomeStep {
  return {
    observe,
    async ensure(home) {
      const { database, user, readWriteRole } = home.names;
      const definition = {
        pwd: await password(home.uid),
        roles: [{ role: readWriteRole, db: database }],
        customData: { installation: home.installation, tenant: home.uid },
        mechanisms,
        authenticationRestrictions: [],
      };
      await requireClaim(home);
      const created = (await observe(home)) === 'absent' && (await writeOnCell(home, database, { createUser: user, ...definition }, userExists)) !== undefined;
      if (created) return `created user ${user}`;
      // One that is there may have another password, which cannot be read: write it anew, unless it is another's.
      await observe(home);
      await writeOnCell(home, database, { updateUser: user, ...definition });
      return `corrected user ${user}`;
    },
    async undo(home) {
      if (!(await claimedByThisOperation(home))) return 'the database was not claimed by this operation';
      const user = await findUser(home);
      if (user === undefined) return 'there was no user';
      if (!isOurs(home, user)) return `left user ${home.names.user}, which was not made for this tenant`;
      await writeOnCell(home, home.names.database, { dropUser: home.names.user }, userNotFound);
      return 'dropped the user';
    },
  };
}
