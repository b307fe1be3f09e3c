import type { Document } from 'mongodb';
import { declaredCollections } from '../../../domain/isolation.ts';
import { readOnCell, writeOnCell } from '../cell-commands.ts';
import { serverCodes } from '../cell-errors.ts';
import type { Home } from '../home.ts';
import type { HomeStep, Observation } from '../home-step.ts';
import { reconcile } from '../reconcile.ts';
import { claimedByThisOperation, confirmClaim, requireClaim } from './claim.ts';
import { differenceOf, privilegesOf } from './privileges.ts';
import type { Privilege } from './privileges.ts';

interface FoundRole {
  readonly role: string;
  readonly privileges: Privilege[];
  readonly roles: readonly Document[];
  readonly authenticationRestrictions: readonly Document[];
}

interface WantedRole {
  readonly name: string;
  readonly privileges: Privilege[];
}

const roleExists: ReadonlySet<number> = new Set([serverCodes.roleExists]);
const roleNotFound: ReadonlySet<number> = new Set([serverCodes.roleNotFound]);

function wantedRoles(home: Home): WantedRole[] {
  return [
    { name: home.names.readWriteRole, privileges: privilegesOf(home, 'read-write') },
    { name: home.names.readOnlyRole, privileges: privilegesOf(home, 'read-only') },
  ];
}

async function look(home: Home): Promise<FoundRole[]> {
  const { database } = home.names;
  const rolesInfo = wantedRoles(home).map(({ name }) => ({ role: name, db: database }));
  const { roles } = await readOnCell(home, database, { rolesInfo, showPrivileges: true, showAuthenticationRestrictions: true });
  return roles as FoundRole[];
}

function judgeRole(wanted: WantedRole, found: readonly FoundRole[]): Observation {
  const role = found.find((candidate) => candidate.role === wanted.name);
  if (role === undefined) return 'absent';
  const isPlain = role.roles.length === 0 && role.authenticationRestrictions.length === 0;
  return isPlain && differenceOf(role.privileges, wanted.privileges) === undefined ? 'present' : 'wrong';
}

function judge(home: Home, found: readonly FoundRole[]): Observation {
  const states = new Set(wantedRoles(home).map((wanted) => judgeRole(wanted, found)));
  if (states.has('wrong')) return 'wrong';
  const [state] = states;
  return states.size === 1 && state !== undefined ? state : 'partial';
}

async function mend(home: Home, found: readonly FoundRole[]): Promise<void> {
  for (const wanted of wantedRoles(home)) {
    const definition = { privileges: wanted.privileges, roles: [], authenticationRestrictions: [] };
    const state = judgeRole(wanted, found);
    // Where another attempt is faster either way, the next look shows it.
    if (state === 'absent') await writeOnCell(home, home.names.database, { createRole: wanted.name, ...definition }, roleExists);
    if (state === 'wrong') await writeOnCell(home, home.names.database, { updateRole: wanted.name, ...definition }, roleNotFound);
  }
}

/** The tenant's read-write and its read-only role, neither with any right to define anything. */
export const createRoles: HomeStep = {
  observe: async (home) => judge(home, await look(home)),
  async ensure(home) {
    await requireClaim(home);
    await reconcile(home, { look, judge, mend });
    await confirmClaim(home);
    return `${home.names.readWriteRole}, ${home.names.readOnlyRole} on ${declaredCollections(home.spec).length} collections`;
  },
  async undo(home) {
    if (!(await claimedByThisOperation(home))) return 'the database was not claimed by this operation';
    for (const { name } of wantedRoles(home)) await writeOnCell(home, home.names.database, { dropRole: name }, roleNotFound);
    return 'dropped the roles';
  },
};
