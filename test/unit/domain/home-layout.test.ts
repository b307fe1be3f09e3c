import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { collectionNameSchema, uidSchema } from '../../../contracts/identifiers.ts';
import { isolationModes } from '../../../contracts/lifecycle.ts';
import { layoutOf, parsePooledName, poolDatabase, pooledName } from '../../../domain/home-layout.ts';
import { tenantSpecs } from './specs.ts';

const uids = fc.stringMatching(/^[0-7][0-9a-hjkmnp-tv-z]{25}$/);
const collectionNames = fc.stringMatching(/^[a-r][a-zA-Z0-9_]{0,63}$/);
const modes = fc.constantFrom(...isolationModes);

describe('the pooled name of a collection', () => {
  it('can be parsed, whatever the collection’s own name is', () => {
    fc.assert(
      fc.property(collectionNames, uids, (collection, uid) => {
        collectionNameSchema.parse(collection);
        uidSchema.parse(uid);
        assert.deepEqual(parsePooledName(pooledName(collection, uid)), { collection, uid });
      }),
    );
  });

  it('is parsed from its end, even if the collection’s own name looks like a pooled one', () => {
    fc.assert(
      fc.property(collectionNames, uids, uids, (name, a, b) => {
        const nested = pooledName(name, a).slice(0, 64);
        assert.deepEqual(parsePooledName(pooledName(nested, b)), { collection: nested, uid: b });
      }),
    );
  });

  it('belongs to one tenant and one collection only', () => {
    fc.assert(
      fc.property(collectionNames, uids, collectionNames, uids, (name, uid, otherName, otherUid) => {
        assert.equal(pooledName(name, uid) === pooledName(otherName, otherUid), name === otherName && uid === otherUid);
      }),
    );
  });

  for (const name of [
    'orders',
    '_01k9v3xq7m2c4e6g8j0npr2tvw',
    'orders01k9v3xq7m2c4e6g8j0npr2tvw',
    'orders_01k9v3xq7m2c4e6g8j0npr2tv',
    'orders_81k9v3xq7m2c4e6g8j0npr2tvw',
    'orders_01K9V3XQ7M2C4E6G8J0NPR2TVW',
    'orders_01k9v3xq7m2c4e6g8j0npr2tvw_',
    'system.buckets.x_01k9v3xq7m2c4e6g8j0npr2tvw',
  ]) {
    it(`"${name}" is not a pooled name`, () => assert.equal(parsePooledName(name), undefined));
  }
});

describe('the layout of a home', () => {
  it('has every name in the tenant’s own database or with its uid in it, so that no two tenants share a name', () => {
    fc.assert(
      fc.property(uids, tenantSpecs, modes, (uid, spec, mode) => {
        const { claim, database, ownDatabase, user, roles, namespaces } = layoutOf({ uid, spec, mode });
        const isTheirs = (holder: string, name: string): boolean => holder === ownDatabase || name.includes(uid);
        assert.ok(ownDatabase === undefined || ownDatabase.includes(uid));
        assert.ok(claim.includes(uid) && isTheirs(database, user));
        assert.ok([roles.readWrite, roles.readOnly].every((role) => isTheirs(roles.database, role)));
        assert.ok(namespaces.every((namespace) => isTheirs(namespace.database, namespace.name)));
      }),
    );
  });

  it('has a separate namespace for every declared collection', () => {
    fc.assert(
      fc.property(uids, tenantSpecs, modes, (uid, spec, mode) => {
        const { namespaces } = layoutOf({ uid, spec, mode });
        assert.deepEqual(
          namespaces.map(({ declared }) => declared),
          spec.services.flatMap(({ collections }) => collections),
        );
        assert.equal(new Set(namespaces.map(({ database, name }) => `${database}.${name}`)).size, namespaces.length);
      }),
    );
  });

  it('has its roles in a database where they can cover every database that the tenant uses', () => {
    fc.assert(
      fc.property(uids, tenantSpecs, modes, (uid, spec, mode) => {
        const { roles, namespaces } = layoutOf({ uid, spec, mode });
        assert.ok(roles.database === 'admin' || namespaces.every(({ database }) => database === roles.database));
      }),
    );
  });

  it('has names that MongoDB accepts: lower-case databases of at most 63 bytes, namespaces of at most 255', () => {
    fc.assert(
      fc.property(uids, tenantSpecs, modes, collectionNames, (uid, spec, mode, name) => {
        const longest = {
          ...spec,
          services: [{ ...spec.services[0]!, collections: [{ name: name.padEnd(64, 'x'), indexes: [] }] }],
        };
        for (const { database, name: onCell } of layoutOf({ uid, spec: longest, mode }).namespaces) {
          assert.match(database, /^[a-z][a-z0-9_]{0,62}$/);
          assert.ok(Buffer.byteLength(`${database}.${onCell}`) <= 255);
        }
      }),
    );
  });

  it('is in the pool if it has no database of its own', () => {
    fc.assert(
      fc.property(uids, tenantSpecs, (uid, spec) =>
        assert.equal(layoutOf({ uid, spec, mode: 'schema' }).database, poolDatabase),
      ),
    );
  });
});
