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
import type { ObservedCollection, ObservedHome } from './observe-homes.ts';

function claimFindings(home: Home, { claim }: ObservedHome): DriftFinding[] {
  const name = home.layout.claim;
  if (claim === undefined) return [{ part: 'claim', kind: 'missing', name, detail: 'the home has no claim' }];
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

const userDetails = {
  owner: 'it was not created for this tenant',
  roles: 'its roles are not as expected',
  mechanisms: 'it has another login mechanism',
  authenticationRestrictions: 'it has authentication restrictions',
} as const;

/**
 * Users besides the current one. Their full names are never shown: a delayed command may have created one with a role.
 */
function leftUserFindings({ uid, layout }: Home, { leftUsers }: ObservedHome): DriftFinding[] {
  const name = `${layout.database}.${userPrefix(uid)}_…`;
  const [leftOver, foreign] = [leftUsers.filter(({ ours }) => ours), leftUsers.filter(({ ours }) => !ours)];
  return [
    ...(leftOver.length === 0
      ? []
      : [{ part: 'user', kind: 'wrong', name, detail: 'it is left over from an earlier attempt' } as const]),
    ...(foreign.length === 0 ? [] : [{ part: 'user', kind: 'foreign', name, detail: userDetails.owner } as const]),
  ];
}

function userFindings(home: Home, { user }: ObservedHome): DriftFinding[] {
  const { layout, form } = home;
  const name = `${layout.database}.${layout.user}`;
  if (form.access === 'absent')
    return user === undefined ? [] : [{ part: 'user', kind: 'wrong', name, detail: 'it exists but should not' }];
  if (user === undefined) return [{ part: 'user', kind: 'missing', name, detail: 'the user does not exist' }];
  return userDifferences(home, user).map((what) =>
    what === 'configuration'
      ? { part: 'configuration', kind: 'wrong', name, detail: 'the configuration of the user is not the effective one' }
      : { part: 'user', kind: what === 'owner' ? 'foreign' : 'wrong', name, detail: userDetails[what] },
  );
}

function roleFindings(home: Home, { roles }: ObservedHome): DriftFinding[] {
  return wantedRoles(home).flatMap((wanted): DriftFinding[] => {
    const name = `${home.layout.roles.database}.${wanted.name}`;
    const found = roles.find(({ role }) => role === wanted.name);
    if (found === undefined) return [{ part: 'role', kind: 'missing', name, detail: 'the role does not exist' }];
    const detail = roleDifference(wanted, found);
    return detail === undefined ? [] : [{ part: 'role', kind: 'wrong', name, detail }];
  });
}

function indexFindings(
  home: Home,
  { declared: collection, database, name: collectionName }: HomeNamespace,
  { indexes }: ObservedCollection,
): DriftFinding[] {
  const { declared, retired } = wantedIndexes(home, collection);
  const finding = (kind: DriftFinding['kind'], index: string, detail: string): DriftFinding => ({
    part: 'index',
    kind,
    name: `${database}.${collectionName}/${index}`,
    detail,
  });
  const names = new Set([idIndexName, ...declared.map(nameOnCell)]);
  return [
    ...declared.flatMap((index): DriftFinding[] => {
      const existing = indexes.find(({ name }) => name === nameOnCell(index));
      if (existing === undefined) return [finding('missing', nameOnCell(index), 'the index does not exist')];
      return indexIsAsDeclared(index, existing)
        ? []
        : [finding('wrong', nameOnCell(index), 'its keys or options are not as declared')];
    }),
    ...indexes.flatMap(({ name = '' }): DriftFinding[] => {
      if (names.has(name)) return [];
      return retired.has(name)
        ? [finding('wrong', name, 'it exists but should not')]
        : [finding('extra', name, 'it is not declared')];
    }),
  ];
}

function collectionFindings(home: Home, { collections }: ObservedHome): DriftFinding[] {
  return home.layout.namespaces.flatMap((namespace): DriftFinding[] => {
    const name = `${namespace.database}.${namespace.name}`;
    const observed = collections.get(namespace);
    if (observed === undefined)
      return [{ part: 'collection', kind: 'missing', name, detail: 'the collection does not exist' }];
    const traits = foreignTraits(observed.info);
    if (traits !== undefined) return [{ part: 'collection', kind: 'foreign', name, detail: `it is a ${traits}` }];
    const validator: DriftFinding[] = validatorIsAsDeclared(namespace.declared, observed.info)
      ? []
      : [{ part: 'validator', kind: 'wrong', name, detail: 'it is not as declared' }];
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
    ...others.collections.map(extra('collection', 'it is not declared')),
    ...others.users.map(extra('user', 'the plane did not create it')),
    ...others.roles.map(extra('role', 'the plane did not create it')),
  ];
}

/** The differences of a home from its spec, form and configuration. */
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
