import type { Document } from 'mongodb';
import { readOnCell, writeOnCell } from '../cell-commands.ts';
import { serverCodes } from '../cell-errors.ts';
import type { Home } from '../home.ts';
import { reversed } from '../home.ts';
import { asResult, unlessOwnedByAnother } from '../home-step.ts';
import type { HomeStep, Observation } from '../home-step.ts';
import { reconcile } from '../reconcile.ts';
import { claimedByThisOperation, confirmClaim, requireClaim } from './claim.ts';
import { differenceOf, privilegesOf } from './privileges.ts';
import type { Privilege } from './privileges.ts';

export interface FoundRole {
  readonly role: string;
  readonly privileges: Privilege[];
  readonly roles: readonly Document[];
  readonly authenticationRestrictions: readonly Document[];
}

export interface WantedRole {
  readonly name: string;
  readonly privileges: Privilege[];
}

const roleExists: ReadonlySet<number> = new Set([serverCodes.roleExists]);
const roleNotFound: ReadonlySet<number> = new Set([serverCodes.roleNotFound]);

export function wantedRoles(home: Home): WantedRole[] {
  return [
    { name: home.layout.roles.readWrite, privileges: privilegesOf(home, 'read-write') },
    { name: home.layout.roles.readOnly, privileges: privilegesOf(home, 'read-only') },
  ];
}

async function observeRoles(home: Home): Promise<FoundRole[]> {
  const { database } = home.layout.roles;
  const rolesInfo = wantedRoles(home).map(({ name }) => ({ role: name, db: database }));
  const { roles } = await readOnCell(home, database, {
    rolesInfo,
    showPrivileges: true,
    showAuthenticationRestrictions: true,
  });
  return roles as FoundRole[];
}

/** How a role differs from the wanted one, for people. */
export function roleDifference(
  wanted: WantedRole,
  { privileges, roles, authenticationRestrictions }: FoundRole,
): string | undefined {
  if (roles.length > 0) return 'it inherits other roles';
  if (authenticationRestrictions.length > 0) return 'it has authentication restrictions';
  return differenceOf(privileges, wanted.privileges);
}

function judgeRole(wanted: WantedRole, found: readonly FoundRole[]): Observation {
  const role = found.find((candidate) => candidate.role === wanted.name);
  if (role === undefined) return 'absent';
  return roleDifference(wanted, role) === undefined ? 'present' : 'wrong';
}

function judge(home: Home, found: readonly FoundRole[]): Observation {
  const states = new Set(wantedRoles(home).map((wanted) => judgeRole(wanted, found)));
  if (states.has('wrong')) return 'wrong';
  const [state] = states;
  return states.size === 1 && state !== undefined ? state : 'partial';
}

async function repairRoles(home: Home, found: readonly FoundRole[]): Promise<void> {
  for (const wanted of wantedRoles(home)) {
    const definition = { privileges: wanted.privileges, roles: [], authenticationRestrictions: [] };
    const state = judgeRole(wanted, found);
    // If another attempt was faster, the next check shows it.
    if (state === 'absent')
      await writeOnCell(home, home.layout.roles.database, { createRole: wanted.name, ...definition }, roleExists);
    if (state === 'wrong')
      await writeOnCell(home, home.layout.roles.database, { updateRole: wanted.name, ...definition }, roleNotFound);
  }
}

async function ensure(home: Home): Promise<string> {
  await requireClaim(home);
  await reconcile(home, { observe: observeRoles, judge, repair: repairRoles });
  await confirmClaim(home);
  const { roles, namespaces } = home.layout;
  return `${roles.readWrite}, ${roles.readOnly} on ${namespaces.length} collections`;
}

/** Drops both roles, if they exist. */
export async function dropRoles(home: Home): Promise<number> {
  let dropped = 0;
  for (const { name } of wantedRoles(home)) {
    if ((await writeOnCell(home, home.layout.roles.database, { dropRole: name }, roleNotFound)) !== undefined)
      dropped += 1;
  }
  return dropped;
}

/** The tenant's read-write and read-only roles on exactly its collections, without any right to define anything. */
export const homeRoles: HomeStep = {
  observe: async (home) => judge(home, await observeRoles(home)),
  ensure,
  undo: (home) => unlessOwnedByAnother(() => ensure(reversed(home)), asResult),
};

/** The same for a home that an activation creates. */
export const createRoles: HomeStep = {
  ...homeRoles,
  async undo(home) {
    if (!(await claimedByThisOperation(home))) return 'this operation did not claim the home';
    await dropRoles(home);
    return 'dropped the roles';
  },
};
