import type { Document } from 'mongodb';
import type { Home } from '../home.ts';

const readActions = [
  'changeStream',
  'collStats',
  'find',
  'indexStats',
  'killCursors',
  'listIndexes',
  'planCacheRead',
] as const;
const writeActions = ['insert', 'remove', 'update'] as const;

/** In mongod's form. A resource may also be `{cluster: true}` and other things that the plane never grants. */
export interface Privilege {
  readonly resource: Document;
  readonly actions: readonly string[];
}

/**
 * Privileges on exactly the declared collections. A role on the whole database would allow `insert` to create
 * collections without validators, past the cell's table budget.
 */
export function privilegesOf(home: Home, access: 'read-write' | 'read-only'): Privilege[] {
  const actions = access === 'read-only' ? [...readActions] : [...readActions, ...writeActions].toSorted();
  return home.layout.namespaces.map(({ database, name }) => ({
    resource: { db: database, collection: name },
    actions,
  }));
}

function nameOf({ db, collection, ...others }: Document): string {
  const isOneCollection =
    typeof db === 'string' &&
    db !== '' &&
    typeof collection === 'string' &&
    collection !== '' &&
    Object.keys(others).length === 0;
  return isOneCollection
    ? `${db}.${collection}`
    : JSON.stringify({
        ...(db === undefined ? {} : { db }),
        ...(collection === undefined ? {} : { collection }),
        ...others,
      });
}

function rightsIn(privileges: readonly Privilege[]): Set<string> {
  return new Set(
    privileges.flatMap(({ resource, actions }) => actions.map((action) => `${action} on ${nameOf(resource)}`)),
  );
}

const namedAtMost = 5;

function named(verb: string, rights: readonly string[]): string[] {
  if (rights.length === 0) return [];
  const more = rights.length > namedAtMost ? ` and ${rights.length - namedAtMost} more` : '';
  return [`${verb} ${rights.slice(0, namedAtMost).join(', ')}${more}`];
}

/** How privileges differ from those wanted, for people; `undefined` if both allow the same. */
export function differenceOf(found: readonly Privilege[], wanted: readonly Privilege[]): string | undefined {
  const [has, should] = [rightsIn(found), rightsIn(wanted)];
  const tooMany = [...has].filter((right) => !should.has(right)).toSorted();
  const tooFew = [...should].filter((right) => !has.has(right)).toSorted();
  return tooMany.length + tooFew.length === 0
    ? undefined
    : [...named('mongod also allows', tooMany), ...named('mongod does not allow', tooFew)].join('; ');
}
