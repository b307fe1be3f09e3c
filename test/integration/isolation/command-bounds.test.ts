import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { Document } from 'mongodb';
import { TenureError } from '../../../domain/tenure-error.ts';
import { homeFormIn } from '../../../domain/isolation.ts';
import { maxCommandMs } from '../../../engines/isolation/command-bounds.ts';
import { reversed } from '../../../engines/isolation/home.ts';
import type { Home, WorkLease } from '../../../engines/isolation/home.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import {
  changing,
  ensureBefore,
  leaseMs,
  openCell,
  partNames,
  parts,
  purge,
  purgeNames,
  stepNames,
  steps,
} from './cell-fixture.ts';
import type { StepName } from './cell-fixture.ts';

const cell = openCell(attachToStack().mongod['eu-west-1']);
after(() => cell.close());

const changes = new Set([
  'insert',
  'update',
  'delete',
  'create',
  'createIndexes',
  'collMod',
  'dropIndexes',
  'drop',
  'createRole',
  'updateRole',
  'dropRole',
  'createUser',
  'updateUser',
  'dropUser',
  'dropDatabase',
]);
const others = ['find', 'listCollections', 'listIndexes', 'usersInfo', 'rolesInfo', 'aggregate', 'killAllSessions'];

/** The commands about a tenant during `act`, from mongod's log, because the driver hides commands with passwords. */
async function commandsDuring(home: Home, act: () => Promise<unknown>): Promise<Document[]> {
  const admin = cell.root.db('admin');
  const started = (await admin.command({ hello: 1 }))['localTime'] as Date;
  await admin.command({ profile: 0, slowms: -1 });
  try {
    await act();
    const { log } = await admin.command({ getLog: 'global' });
    const entries = (log as string[]).map(
      (line) => JSON.parse(line) as { t: { $date: string }; attr?: { command?: Document } },
    );
    const commands = entries.filter(({ t }) => new Date(t.$date) >= started).map(({ attr }) => attr?.command ?? {});
    // What mongod itself runs within a command has no cluster time.
    return commands.filter(
      (command) =>
        'lsid' in command && '$clusterTime' in command && JSON.stringify(command).includes(home.layout.database),
    );
  } finally {
    await admin.command({ profile: 0, slowms: 100 });
  }
}

const nameOf = (command: Document): string => String(Object.keys(command)[0]);

describe('every command is limited to the lease in mongod, and every change waits for a majority', () => {
  const seen = new Set<string>();
  function assertBounded(commands: readonly Document[]): void {
    for (const command of commands) {
      // A build may run for as long as the lease is renewed: see index-builds.test.ts.
      const mostMs = nameOf(command) === 'createIndexes' ? maxCommandMs : leaseMs;
      assert.ok(command['maxTimeMS'] >= 1 && command['maxTimeMS'] <= mostMs, JSON.stringify(command));
    }
  }
  function assertByMajority(commands: readonly Document[]): void {
    for (const command of commands) {
      seen.add(nameOf(command));
      if (changes.has(nameOf(command)))
        assert.deepEqual(command['writeConcern'], { w: 'majority', j: true }, JSON.stringify(command));
      // Reads of claims.
      if (nameOf(command) === 'find')
        assert.deepEqual(command['readConcern'], { level: 'majority' }, JSON.stringify(command));
    }
  }

  test('commands of the plane', async () => {
    const home = cell.home();
    const db = cell.database(home);
    const spoil: Partial<Record<StepName, () => Promise<unknown>>> = {
      'create-collections': async () => {
        await db.command({ collMod: 'orders', validator: {} });
        await db.command({ dropIndexes: 'orders', index: 'sku_1' });
        await db.command({ createIndexes: 'orders', indexes: [{ key: { other: 1 }, name: 'sku_1' }] });
      },
      'create-roles': () => db.command({ updateRole: home.layout.roles.readOnly, privileges: [] }),
    };
    const planeSteps = stepNames.filter((name) => name !== 'probe-isolation');
    const commands: Document[] = [];
    for (const name of planeSteps) {
      const step = steps[name];
      commands.push(...(await commandsDuring(home, () => step.ensure(home))));
      await spoil[name]?.();
      commands.push(...(await commandsDuring(home, () => step.ensure(home))));
    }
    const archived = changing(home, { form: homeFormIn('Archived') });
    for (const part of Object.values(parts)) {
      commands.push(...(await commandsDuring(home, () => part.ensure(archived))));
      commands.push(...(await commandsDuring(home, () => part.undo(archived))));
    }
    for (const name of planeSteps.toReversed())
      commands.push(...(await commandsDuring(home, () => steps[name].undo(home))));
    const purged = cell.home();
    await ensureBefore('probe-isolation', purged);
    for (const step of Object.values(purge))
      commands.push(...(await commandsDuring(purged, () => step.ensure(purged))));
    assertBounded(commands);
    assertByMajority(commands);
    assert.deepEqual([...seen].toSorted(), [...others, ...changes].toSorted());
  });

  test('commands with the tenant’s credential', async () => {
    const home = cell.home();
    await ensureBefore('probe-isolation', home);
    const commands = await commandsDuring(home, () => steps['probe-isolation'].ensure(home));
    assertBounded(commands);
    for (const name of ['connectionStatus', 'explain', 'createUser', 'dropDatabase'])
      assert.ok(
        commands.some((command) => nameOf(command) === name),
        name,
      );
  });

  test('the limit is what is left of the lease when the command is sent, not when it was requested', async () => {
    // The first command waits until the client has connected; meanwhile the lease becomes shorter.
    const fresh = openCell(attachToStack().mongod['eu-west-1']);
    try {
      let leftMs = leaseMs;
      fresh.plane.once('connectionCheckedOut', () => (leftMs = leaseMs / 2));
      await steps['create-collections'].observe(fresh.home({ lease: { remainingMs: () => leftMs } }));
      assert.equal(fresh.sent[0]?.command['maxTimeMS'], leaseMs / 2);
    } finally {
      await fresh.disconnect();
    }
  });
});

/** A lease that is lost after it was read `look` times. */
function leaseLostAt(look: number): WorkLease & { readonly isLost: () => boolean } {
  let looks = 0;
  let sentBefore: number | undefined;
  return {
    remainingMs() {
      looks += 1;
      if (looks <= look) return leaseMs;
      sentBefore ??= cell.sent.length;
      throw new TenureError('fenced', 'the lease was lost');
    },
    isLost() {
      if (sentBefore !== undefined)
        assert.equal(
          cell.sent.length,
          sentBefore,
          `sent although the lease was lost after ${look} reads: ${cell.sent.at(-1)?.commandName}`,
        );
      return sentBefore !== undefined;
    },
  };
}

describe('an attempt that loses the lease at any point sends nothing more, and the next attempt finishes', () => {
  /**
   * Runs `act` with a lease that is lost at the first point, then at the second, and so on. `arrange` gets the home that
   * the attempt before has left, if there was one.
   */
  async function sweep(
    arrange: (left?: Home) => Promise<Home>,
    act: (home: Home) => Promise<unknown>,
    finish: (home: Home) => Promise<unknown>,
  ): Promise<void> {
    let home: Home | undefined;
    for (let look = 0; ; look += 1) {
      home = await arrange(home);
      const lease = leaseLostAt(look);
      const refusal = await act({ ...home, lease }).then(
        () => undefined,
        (error: unknown) => error,
      );
      // By the time this is answered, any command that had been started would have been sent.
      await home.cell.client.db('admin').command({ ping: 1 });
      cell.sent.splice(
        cell.sent.findIndex(({ commandName }) => commandName === 'ping'),
        1,
      );
      if (!lease.isLost()) {
        assert.ok(look > 0);
        assert.equal(refusal, undefined);
        return;
      }
      assert.equal((refusal as TenureError).code, 'fenced');
      await finish(home);
    }
  }

  const prepared = async (name: StepName): Promise<Home> => {
    const home = cell.home();
    await ensureBefore(name, home);
    return home;
  };
  for (const name of partNames) {
    test(`${name}: to another form and back`, async () => {
      const archiving = async (left?: Home): Promise<Home> => {
        if (left !== undefined) {
          await parts[name].undo(left);
          return left;
        }
        const home = await prepared('probe-isolation');
        return changing(home, { form: homeFormIn('Archived') });
      };
      const finish = (act: 'ensure' | 'undo', seenBy: (home: Home) => Home) => async (home: Home) => {
        await parts[name][act](home);
        assert.equal(await parts[name].observe(seenBy(home)), 'present');
      };
      await sweep(
        archiving,
        parts[name].ensure,
        finish('ensure', (home) => home),
      );
      const archived = async (left?: Home): Promise<Home> => {
        const home = left ?? (await archiving());
        await parts[name].ensure(home);
        return home;
      };
      await sweep(archived, parts[name].undo, finish('undo', reversed));
    });
  }
  for (const name of purgeNames) {
    test(name, async () => {
      await sweep(
        () => prepared('probe-isolation'),
        purge[name].ensure,
        async (home) => {
          for (const each of purgeNames) await purge[each].ensure(home);
          assert.equal(await cell.claim(home), null);
        },
      );
    });
  }
  for (const name of stepNames) {
    test(`${name}: ensure`, async () => {
      await sweep(
        async (left) => {
          if (left === undefined || name === 'claim-database') return await prepared(name);
          // A probe changes nothing.
          if (name !== 'probe-isolation') await steps[name].undo(left);
          return left;
        },
        steps[name].ensure,
        async (home) => {
          await steps[name].ensure(home);
          if (name !== 'probe-isolation') assert.equal(await steps[name].observe(home), 'present');
        },
      );
    });
    if (name === 'probe-isolation') continue;
    test(`${name}: undo`, async () => {
      const whole = async (left?: Home): Promise<Home> => {
        const home = left === undefined || name === 'claim-database' ? await prepared(name) : left;
        await steps[name].ensure(home);
        return home;
      };
      await sweep(whole, steps[name].undo, async (home) => {
        await steps[name].undo(home);
        if (name === 'claim-database') assert.equal(await cell.claim(home), null);
        else assert.equal(await steps[name].observe(home), 'absent');
      });
    });
  }
});
