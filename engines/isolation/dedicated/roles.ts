import type { Document } from 'mongodb';
import { canonicalDigest } from '../../../contracts/canonical-json.ts';
import { declaredCollections } from '../../../domain/isolation.ts';
import { alreadyThereCodes, roleNotFoundCode } from '../cell-errors.ts';
import { runCommand } from '../home.ts';
import type { Home } from '../home.ts';
import type { HomeStep, Observation } from '../home-step.ts';
import { claimedByThisOperation } from './claim.ts';

const readActions = ['changeStream', 'collStats', 'find', 'indexStats', 'killCursors', 'listIndexes', 'planCacheRead'] as const;
const writeActions = ['insert', 'remove', 'update'] as const;

export interface Privilege {
  readonly resource: { readonly db: string; readonly collection: string };
  readonly actions: readonly string[];
}

/**
 * Privileges on exactly the declared collections. A role on the whole database would let `insert` create collections
 * without validators, past the cell's table budget.
 */
export function privilegesOf(home: Home, access: 'read-write' | 'read-only'): Privilege[] {
  const actions = access === 'read-only' ? [...readActions] : [...readActions, ...writeActions].toSorted();
  return declaredCollections(home.spec).map(({ name }) => ({ resource: { db: home.names.database, collection: name }, actions }));
}

/** Privileges in one order, so that two equal sets are equal. */
export function normalized(privileges: readonly Privilege[]): string {
  return canonicalDigest(
    privileges
      .map(({ resource, actions }) => ({ resource: `${resource.db}.${resource.collection}`, actions: [...new Set(actions)].toSorted() }))
      .toSorted((a, b) => (a.resource < b.resource ? -1 : 1)),
  );
}

interface WantedRole {
  readonly name: string;
  readonly privileges: Privilege[];
}

function wantedRoles(home: Home): WantedRole[] {
  return [
    { name: home.names.readWriteRole, privileges: privilegesOf(home, 'read-write') },
    { name: home.names.readOnlyRole, privileges: privilegesOf(home, 'read-only') },
  ];
}

async function lookAt(home: Home, wanted: WantedRole): Promise<Observation> {
  const { roles } = (await runCommand(home, { rolesInfo: { role: wanted.name, db: home.names.database }, showPrivileges: true })) as {
    roles: { privileges: Privilege[]; roles: Document[]; authenticationRestrictions?: Document[] }[];
  };
  const [role] = roles;
  if (role === undefined) return 'absent';
  const restricted = (role.authenticationRestrictions ?? []).length > 0;
  return normalized(role.privileges) === normalized(wanted.privileges) && role.roles.length === 0 && !restricted ? 'present' : 'wrong';
}

async function observe(home: Home): Promise<Observation> {
  const found: Observation[] = [];
  for (const wanted of wantedRoles(home)) found.push(await lookAt(home, wanted));
  if (found.includes('wrong')) return 'wrong';
  if (found.every((state) => state === 'present')) return 'present';
  return found.every((state) => state === 'absent') ? 'absent' : 'partial';
}

/** The tenant's read-write and its read-only role, neither with any right to define anything. */
export const createRoles: HomeStep = {
  observe,
  async ensure(home) {
    for (const wanted of wantedRoles(home)) {
      const definition = { privileges: wanted.privileges, roles: [], authenticationRestrictions: [] };
      const state = await lookAt(home, wanted);
      if (state === 'present') continue;
      if (state === 'absent') {
        await runCommand(home, { createRole: wanted.name, ...definition, writeConcern: { w: 'majority' } }, alreadyThereCodes);
      }
      if ((await lookAt(home, wanted)) === 'wrong') await runCommand(home, { updateRole: wanted.name, ...definition, writeConcern: { w: 'majority' } });
    }
    return `${home.names.readWriteRole}, ${home.names.readOnlyRole} on ${declaredCollections(home.spec).length} collections`;
  },
  async undo(home) {
    if (!(await claimedByThisOperation(home))) return 'the database was not claimed by this operation';
    for (const { name } of wantedRoles(home)) {
      await runCommand(home, { dropRole: name, writeConcern: { w: 'majority' } }, new Set([roleNotFoundCode]));
    }
    return 'dropped the roles';
  },
};
