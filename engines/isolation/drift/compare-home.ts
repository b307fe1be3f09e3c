import { idIndexName, nameOnCell } from '../../../contracts/manifests/index-spec.ts';
import { userPrefix } from '../../../domain/home-layout.ts';
import type { HomeNamespace } from '../../../domain/home-layout.ts';
import type { Home } from '../home.ts';
import { isOurs } from '../parts/claim.ts';
import { foreignTraits, validatorIsAsDeclared, wantedIndexes } from '../parts/declared-collections.ts';
import { indexIsAsDeclared } from '../parts/indexes.ts';
import { roleDifference, wantedRoles } from '../parts/roles.ts';
import { userDifferences } from '../parts/tenant-users.ts';
import type { DriftFinding } from '../../../domain/drift.ts';
import type { ObservedCollection, ObservedHome } from './observed-home.ts';

function claimFindings(home: Home, { claim }: ObservedHome): DriftFinding[] {
  const name = home.layout.claim;
  if (claim === undefined) return [{ part: 'claim', kind: 'missing', name, detail: 'the home is not claimed' }];
  if (isOurs(home, claim)) return [];
  return [
    {
      part: 'claim',
      kind: 'foreign',
      name,
      detail: `it is claimed for tenant ${claim.tenant} of installation "${claim.installation}"`,
    },
  ];
}

const ofUser = {
  owner: 'it was not made for this tenant',
  roles: 'it has not the roles that it should have',
  mechanisms: 'it logs in by another mechanism',
  authenticationRestrictions: 'it is restricted by where it comes from',
} as const;

/** Users beside the one that counts. Their whole names are told to nobody: what was held back may have made one with a role. */
function leftUserFindings({ uid, layout }: Home, { leftUsers }: ObservedHome): DriftFinding[] {
  const name = `${layout.database}.${userPrefix(uid)}_…`;
  const [left, theirs] = [leftUsers.filter(({ ours }) => ours), leftUsers.filter(({ ours }) => !ours)];
  return [
    ...(left.length === 0
      ? []
      : [{ part: 'user', kind: 'wrong', name, detail: 'an attempt that was given up has left it' } as const]),
    ...(theirs.length === 0 ? [] : [{ part: 'user', kind: 'foreign', name, detail: ofUser.owner } as const]),
  ];
}

function userFindings(home: Home, { user }: ObservedHome): DriftFinding[] {
  const { layout, form } = home;
  const name = `${layout.database}.${layout.user}`;
  if (form.access === 'absent')
    return user === undefined
      ? []
      : [{ part: 'user', kind: 'wrong', name, detail: 'there is a user, and there should be none' }];
  if (user === undefined) return [{ part: 'user', kind: 'missing', name, detail: 'there is no user' }];
  return userDifferences(home, user).map((what) =>
    what === 'configuration'
      ? { part: 'configuration', kind: 'wrong', name, detail: 'what the user holds is not the effective configuration' }
      : { part: 'user', kind: what === 'owner' ? 'foreign' : 'wrong', name, detail: ofUser[what] },
  );
}

function roleFindings(home: Home, { roles }: ObservedHome): DriftFinding[] {
  return wantedRoles(home).flatMap((wanted): DriftFinding[] => {
    const name = `${home.layout.roles.database}.${wanted.name}`;
    const found = roles.find(({ role }) => role === wanted.name);
    if (found === undefined) return [{ part: 'role', kind: 'missing', name, detail: 'there is no role' }];
    const detail = roleDifference(wanted, found);
    return detail === undefined ? [] : [{ part: 'role', kind: 'wrong', name, detail }];
  });
}

function indexFindings(
  home: Home,
  { declared: collection, database, name: onCell }: HomeNamespace,
  { indexes }: ObservedCollection,
): DriftFinding[] {
  const { declared, retired } = wantedIndexes(home, collection);
  const finding = (kind: DriftFinding['kind'], index: string, detail: string): DriftFinding => ({
    part: 'index',
    kind,
    name: `${database}.${onCell}/${index}`,
    detail,
  });
  const names = new Set([idIndexName, ...declared.map(nameOnCell)]);
  return [
    ...declared.flatMap((index): DriftFinding[] => {
      const there = indexes.find(({ name }) => name === nameOnCell(index));
      if (there === undefined) return [finding('missing', nameOnCell(index), 'there is no index')];
      return indexIsAsDeclared(index, there)
        ? []
        : [finding('wrong', nameOnCell(index), 'it has not the keys or options that were declared')];
    }),
    ...indexes.flatMap(({ name = '' }): DriftFinding[] => {
      if (names.has(name)) return [];
      return retired.has(name)
        ? [finding('wrong', name, 'the home has given it up')]
        : [finding('extra', name, 'it was not declared')];
    }),
  ];
}

function collectionFindings(home: Home, { collections }: ObservedHome): DriftFinding[] {
  return home.layout.namespaces.flatMap((namespace): DriftFinding[] => {
    const name = `${namespace.database}.${namespace.name}`;
    const observed = collections.get(namespace);
    if (observed === undefined)
      return [{ part: 'collection', kind: 'missing', name, detail: 'there is no collection' }];
    const traits = foreignTraits(observed.info);
    if (traits !== undefined) return [{ part: 'collection', kind: 'foreign', name, detail: `it is a ${traits}` }];
    const validator: DriftFinding[] = validatorIsAsDeclared(namespace.declared, observed.info)
      ? []
      : [{ part: 'validator', kind: 'wrong', name, detail: 'it is not the declared one' }];
    return [...validator, ...indexFindings(home, namespace, observed)];
  });
}

function extraFindings({ others }: ObservedHome): DriftFinding[] {
  const extra =
    (part: DriftFinding['part'], detail: string) =>
    ({ database, name }: { database: string; name: string }): DriftFinding => ({
      part,
      kind: 'extra',
      name: `${database}.${name}`,
      detail,
    });
  return [
    ...others.collections.map(extra('collection', 'it was not declared')),
    ...others.users.map(extra('user', 'the plane has not made it')),
    ...others.roles.map(extra('role', 'the plane has not made it')),
  ];
}

/** In what a home differs from its spec, form and configuration; empty when in nothing. */
export function compareHome(home: Home, observed: ObservedHome): DriftFinding[] {
  return [
    ...claimFindings(home, observed),
    ...collectionFindings(home, observed),
    ...roleFindings(home, observed),
    ...userFindings(home, observed),
    ...leftUserFindings(home, observed),
    ...extraFindings(observed),
  ];
}
