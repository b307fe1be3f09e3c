import type { Document } from 'mongodb';
import { TenureError } from '../../../domain/tenure-error.ts';
import { alreadyThereCodes, userNotFoundCode } from '../cell-errors.ts';
import { runCommand } from '../home.ts';
import type { Home } from '../home.ts';
import type { HomeStep, Observation } from '../home-step.ts';
import { claimedByThisOperation } from './claim.ts';

interface FoundUser {
  readonly roles: { readonly role: string; readonly db: string }[];
  readonly customData?: { readonly installation?: string; readonly tenant?: string };
  readonly mechanisms: readonly string[];
}

const mechanisms = ['SCRAM-SHA-256'];

async function lookAt(home: Home): Promise<Observation> {
  const { users } = (await runCommand(home, { usersInfo: { user: home.names.user, db: home.names.database } })) as { users: FoundUser[] };
  const [user] = users;
  if (user === undefined) return 'absent';
  if (user.customData?.installation !== home.installation || user.customData.tenant !== home.uid) {
    throw new TenureError('owned_by_another', `user "${home.names.user}" on cell "${home.cell.name}" was not made for this tenant`);
  }
  const [role, ...more] = user.roles;
  const asWanted = role?.role === home.names.readWriteRole && role.db === home.names.database && more.length === 0 && user.mechanisms.join() === mechanisms.join();
  return asWanted ? 'present' : 'wrong';
}

/** The tenant's own user with its read-write role. */
export function createTenantUser(password: (uid: string) => Promise<string>): HomeStep {
  return {
    observe: lookAt,
    async ensure(home) {
      const definition: Document = {
        pwd: await password(home.uid),
        roles: [{ role: home.names.readWriteRole, db: home.names.database }],
        customData: { installation: home.installation, tenant: home.uid },
        mechanisms,
        writeConcern: { w: 'majority' },
      };
      const created = (await lookAt(home)) === 'absent' && (await runCommand(home, { createUser: home.names.user, ...definition }, alreadyThereCodes)) !== undefined;
      if (created) return `created user ${home.names.user}`;
      // One that is there may have another password, which cannot be read: write it anew.
      await lookAt(home);
      await runCommand(home, { updateUser: home.names.user, ...definition });
      return `corrected user ${home.names.user}`;
    },
    async undo(home) {
      if (!(await claimedByThisOperation(home))) return 'the database was not claimed by this operation';
      await runCommand(home, { dropUser: home.names.user, writeConcern: { w: 'majority' } }, new Set([userNotFoundCode]));
      return 'dropped the user';
    },
  };
}
