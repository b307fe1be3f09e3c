import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { MongoClient } from 'mongodb';
import type { Document } from 'mongodb';
import type { IsolationMode } from '../../../contracts/lifecycle.ts';
import { repairable } from '../../../domain/drift.ts';
import { homeFormIn } from '../../../domain/isolation.ts';
import { TenureError } from '../../../domain/tenure-error.ts';
import type { Home, WorkLease } from '../../../engines/isolation/home.ts';
import { scanCell } from '../../../engines/isolation/drift/scan-cell.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { startHoldingProxy } from '../../harness/holding-proxy.ts';
import type { HeldBack, HoldingProxy } from '../../harness/holding-proxy.ts';
import {
  changing,
  heldLease,
  leaseMs,
  modes,
  openCell,
  partNames,
  parts,
  passwordOf,
  purge,
  purgeNames,
  specWith,
  stepNames,
  steps,
  twoCollections,
} from './cell-fixture.ts';
import type { CellFixture } from './cell-fixture.ts';

const { mongod } = attachToStack();
let proxy: HoldingProxy;
let cell: CellFixture;
before(async () => {
  const { uri, adminUri } = mongod['eu-west-1'];
  proxy = await startHoldingProxy(uri);
  cell = openCell({ uri: proxy.uri, adminUri });
});
after(async () => {
  await cell.close();
  await proxy.close();
});

type Path = (home: Home) => Promise<unknown>;

const activate: Path = async (home) => {
  for (const name of stepNames) await steps[name].ensure(home);
};
const undoActivation: Path = async (home) => {
  for (const name of stepNames.toReversed()) await steps[name].undo(home);
};
const reconcile: Path = async (home) => {
  for (const name of partNames) await parts[name].ensure(home);
};
const purgeAll: Path = async (home) => {
  for (const name of purgeNames) await purge[name].ensure(home);
};

const suspended = (home: Home): Home => changing(home, { form: homeFormIn('Suspended') });
const archived = (home: Home): Home => changing(home, { form: homeFormIn('Archived') });
const active = (home: Home): Home => changing(home, { form: homeFormIn('Active') });

/** Every user that each tenant of this file ever had, by the tenant's uid. */
const given = new Map<string, Set<string>>();
function remember({ uid, layout }: Home): void {
  given.set(uid, (given.get(uid) ?? new Set()).add(layout.user));
}

/** Runs `path` until one of its commands, or the reply to it, is held back; then gives up the attempt. */
async function givenUpAt(
  path: Path,
  home: Home,
  command: string,
  direction?: 'to mongod' | 'to client',
): Promise<HeldBack> {
  const held = proxy.holdNext(command, home.uid, direction);
  const givenUp = new AbortController();
  const client = {
    db: (name: string) => ({
      command: (sent: Document, options: { signal: AbortSignal }) =>
        cell.plane.db(name).command(sent, { ...options, signal: AbortSignal.any([options.signal, givenUp.signal]) }),
    }),
  } as unknown as MongoClient;
  const lease: WorkLease = { remainingMs: () => (held.isCaught() ? 1 : leaseMs) };
  const attempt = assert.rejects(
    path({ ...home, lease, cell: { ...home.cell, client } }),
    { code: 'cell_unavailable' },
    `while ${command} is held back`,
  );
  await Promise.race([held.caught(), attempt]);
  givenUp.abort(new TenureError('cell_unavailable', 'the attempt is given up'));
  await attempt;
  assert.ok(held.isCaught(), command);
  await held.abandoned();
  return held;
}

/** Runs `path` with one command held back, and then completely in another attempt. */
async function heldBackIn(path: Path, home: Home, command: string): Promise<HeldBack> {
  const held = await givenUpAt(path, home, command);
  await path(home);
  remember(home);
  return held;
}

/** What the tenant can access with any credential that it ever had. */
async function accessOf(home: Home): Promise<string[]> {
  const got: string[] = [];
  for (const username of given.get(home.uid) ?? []) {
    const auth = { username, password: await passwordOf(home.uid) };
    const client = new MongoClient(mongod['eu-west-1'].uri.replace(/\/\/[^@]*@/, '//'), {
      auth,
      authSource: home.layout.database,
      authMechanism: 'SCRAM-SHA-256',
      maxPoolSize: 1,
    });
    try {
      for (const { database, name } of home.layout.namespaces) {
        for (const command of [
          { find: name, limit: 1 },
          { insert: name, documents: [{ sku: `${username} ${name}` }] },
        ]) {
          const reply = await client
            .db(database)
            .command(command)
            .catch(() => undefined);
          if (reply?.['writeErrors'] === undefined && reply !== undefined)
            got.push(`${username}: ${Object.keys(command)[0]} ${name}`);
        }
      }
    } finally {
      await client.close();
    }
  }
  return got;
}

/** Checks that a reconciliation repairs everything that a scan finds, and that the home is then as declared. */
async function assertMends(home: Home): Promise<void> {
  const scan = async () => (await scanCell({ cell: home.cell, lease: heldLease, homes: [home] })).get(home) ?? [];
  const found = await scan();
  assert.deepEqual(
    found.filter((finding) => finding.kind !== 'extra' && !repairable(found).includes(finding)),
    [],
  );
  await reconcile(changing(home, {}));
  remember(home);
  assert.deepEqual(await scan(), []);
}

const otherSpec = (mode: IsolationMode) =>
  specWith(
    [
      { ...twoCollections[0]!, jsonSchema: { required: ['name'] }, indexes: [{ keys: [{ field: 'name', order: 1 }] }] },
      ...twoCollections.slice(1),
      { name: 'carts' },
    ],
    mode,
  );

async function activeHome(mode: IsolationMode): Promise<Home> {
  const home = cell.home({ mode });
  await activate(home);
  remember(home);
  return home;
}

interface Going {
  readonly what: string;
  readonly commands: readonly string[];
  /** Prepares a home for the path, and returns both. */
  readonly begin: (mode: IsolationMode) => Promise<readonly [Home, Path]>;
}

/** The paths that grant or keep access, each with all its commands that change something. */
const giving: readonly Going[] = [
  {
    what: 'an activation',
    commands: ['insert', 'create', 'createIndexes', 'createRole', 'createUser', 'update'],
    begin: async (mode) => [cell.home({ mode }), activate],
  },
  {
    what: 'a reconciliation',
    commands: ['create', 'collMod', 'dropIndexes', 'createIndexes', 'updateRole', 'updateUser'],
    begin: async (mode) => [
      changing(await activeHome(mode), { spec: otherSpec(mode), config: { theme: 'light' } }),
      reconcile,
    ],
  },
  {
    what: 'a resumption',
    commands: ['createUser', 'dropUser'],
    begin: async (mode) => {
      const home = suspended(await activeHome(mode));
      await reconcile(home);
      return [active(home), reconcile];
    },
  },
  {
    what: 'a reactivation',
    commands: ['createIndexes', 'createUser'],
    begin: async (mode) => {
      const home = archived(await activeHome(mode));
      await reconcile(home);
      return [active(home), reconcile];
    },
  },
  {
    what: 'a suspension that is undone',
    commands: ['createUser'],
    begin: async (mode) => {
      const home = suspended(await activeHome(mode));
      await parts['home-user'].ensure(home);
      return [home, parts['home-user'].undo];
    },
  },
];

/** The modes are used in turn. */
let turn = 0;
const nextMode = (): IsolationMode => modes[(turn += 1) % modes.length] ?? 'dedicated';

for (const { what, commands, begin } of giving) {
  describe(`a late command of ${what}`, { concurrency: 4 }, () => {
    for (const command of commands) {
      test(`${command} grants no access that was revoked since, and its effect is repaired`, async () => {
        const [home, path] = await begin(nextMode());
        const held = await heldBackIn(path, home, command);
        const kept = suspended(home);
        await parts['home-user'].ensure(kept);
        assert.deepEqual(await accessOf(kept), []);
        await held.release();
        assert.deepEqual(await accessOf(kept), []);
        await assertMends(kept);
        assert.deepEqual(await accessOf(kept), []);
        const again = active(kept);
        await reconcile(again);
        remember(again);
        await assertMends(again);
        assert.notDeepEqual(await accessOf(again), []);
      });
    }

    for (const command of commands.filter((name) =>
      ['createUser', 'createIndexes', 'updateUser', 'create'].includes(name),
    )) {
      test(`${command} grants no access after an archival and a purge, and does not block another tenant`, async () => {
        const [home, path] = await begin(nextMode());
        const held = await heldBackIn(path, home, command);
        const kept = archived(home);
        await reconcile(kept);
        await purgeAll(kept);
        await held.release();
        assert.deepEqual(await accessOf(kept), []);
        assert.deepEqual((await cell.snapshot(kept))[home.layout.database]?.users, []);
        const other = await activeHome(home.mode);
        await assertMends(other);
      });
    }
  });
}

describe('a late command of an activation that was undone', { concurrency: 4 }, () => {
  for (const command of ['insert', 'create', 'createIndexes', 'createRole', 'createUser']) {
    test(`${command} does not block the next activation of the tenant`, async () => {
      const home = cell.home({ mode: nextMode() });
      const held = await givenUpAt(activate, home, command);
      await undoActivation(home);
      await held.release();
      const next = changing(home, {});
      await activate(next);
      remember(next);
      await assertMends(next);
      assert.notDeepEqual(await accessOf(next), []);
    });
  }

  for (const command of ['drop', 'dropRole', 'dropUser', 'delete']) {
    test(`${command} of the undo loses no document, and its effect is repaired`, async () => {
      const home = cell.home({ mode: nextMode() });
      await activate(home);
      const held = await heldBackIn(undoActivation, home, command);
      const next = changing(home, {});
      await activate(next);
      remember(next);
      await cell.collection(next, 'events').insertOne({ kind: 'acknowledged' });
      await held.release();
      assert.equal(await cell.collection(next, 'events').countDocuments({ kind: 'acknowledged' }), 1);
      await assertMends(next);
      assert.notDeepEqual(await accessOf(next), []);
    });
  }
});

test('a late revocation does not revoke access that was granted since', async () => {
  for (const command of ['updateUser', 'killAllSessions']) {
    const kept = suspended(await activeHome(nextMode()));
    const held = await heldBackIn(parts['home-user'].ensure, kept, command);
    const again = active(kept);
    await reconcile(again);
    remember(again);
    const before_ = await accessOf(again);
    assert.notDeepEqual(before_, []);
    await held.release();
    assert.equal(await parts['home-user'].observe(changing(again, {})), 'present');
  }
});

test('an attempt whose answer was held back leaves one user, and the next attempt grants access with it', async () => {
  const home = cell.home({ mode: nextMode() });
  for (const name of stepNames.slice(0, 3)) await steps[name].ensure(home);
  await givenUpAt(steps['create-user'].ensure, home, 'createUser', 'to client');
  await steps['create-user'].ensure(home);
  assert.equal(await steps['create-user'].observe(home), 'present');
  await steps['probe-isolation'].ensure(home);
});
