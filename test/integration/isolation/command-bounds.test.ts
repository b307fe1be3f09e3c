import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { Document } from 'mongodb';
import { TenureError } from '../../../domain/tenure-error.ts';
import type { Home, WorkLease } from '../../../engines/isolation/home.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { ensureBefore, leaseMs, openCell, stepNames, steps } from './cell-fixture.ts';
import type { StepName } from './cell-fixture.ts';

const cell = openCell(attachToStack().mongod['eu-west-1']);
after(() => cell.close());

const changing = /^(create|collMod|drop|update|insert|delete|grant|revoke)/;

function assertBounded({ commandName, command }: { readonly commandName: string; readonly command: Document }): void {
  const { maxTimeMS, writeConcern } = command;
  assert.ok(maxTimeMS >= 1 && maxTimeMS <= leaseMs, `${commandName} has maxTimeMS ${maxTimeMS}`);
  if (changing.test(commandName)) assert.deepEqual(writeConcern, { w: 'majority', j: true }, commandName);
}

describe('every command is bounded by the lease in mongod, and every change waits for a majority', () => {
  test('as the plane', async () => {
    const home = cell.home();
    cell.sent.length = 0;
    for (const name of stepNames) await steps[name].ensure(home);
    await cell.database(home).collection('orders').dropIndexes();
    await cell.database(home).command({ collMod: 'orders', validator: {} });
    await cell.database(home).command({ updateRole: home.names.readOnlyRole, privileges: [] });
    for (const name of stepNames) await steps[name].ensure(home);
    for (const name of stepNames) await steps[name].observe(home);
    for (const name of stepNames.toReversed()) await steps[name].undo(home);
    cell.sent.forEach(assertBounded);
    const names = new Set(cell.sent.map(({ commandName }) => commandName));
    const reads = ['find', 'listCollections', 'listIndexes', 'usersInfo', 'rolesInfo'];
    const changes = ['insert', 'update', 'delete', 'create', 'createIndexes', 'collMod', 'drop', 'createRole', 'updateRole', 'dropRole', 'createUser', 'updateUser', 'dropUser'];
    assert.deepEqual([...names].toSorted(), [...reads, ...changes].toSorted());
  });

  test('as the tenant', async () => {
    const home = cell.home();
    await ensureBefore('probe-isolation', home);
    const db = cell.database(home);
    await db.command({ profile: 2 });
    await steps['probe-isolation'].ensure(home);
    await db.command({ profile: 0 });
    const profiled = await db.collection('system.profile').find({ user: `${home.names.user}@${home.names.database}` }).toArray();
    assert.ok(profiled.length >= 3);
    for (const { command } of profiled) assertBounded({ commandName: String(Object.keys(command as Document)[0]), command: command as Document });
  });

  test('by what is left when the command is sent, not when its turn was asked for', async () => {
    const left = [4_000, 300];
    const home = cell.home({ lease: { remainingMs: () => left.shift() ?? 1_000 } });
    cell.sent.length = 0;
    await steps['create-collections'].observe(home);
    assert.deepEqual(cell.sent.map(({ command }) => command['maxTimeMS']), [300]);
  });
});

/** A lease that is lost at the given look at it. */
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
      if (sentBefore !== undefined) assert.equal(cell.sent.length, sentBefore, `sent after the lease was lost at look ${look}: ${cell.sent.at(-1)?.commandName}`);
      return sentBefore !== undefined;
    },
  };
}

describe('one who has lost the lease sends nothing more, wherever it is lost, and the next one finishes', () => {
  async function sweep(arrange: () => Promise<Home>, act: (home: Home) => Promise<unknown>, finish: (home: Home) => Promise<unknown>): Promise<void> {
    for (let look = 0; ; look += 1) {
      const home = await arrange();
      const lease = leaseLostAt(look);
      const refusal = await act({ ...home, lease }).then(() => undefined, (error: unknown) => error);
      // What had been begun would have been sent by then.
      await home.cell.client.db('admin').command({ ping: 1 });
      cell.sent.splice(cell.sent.findIndex(({ commandName }) => commandName === 'ping'), 1);
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
  for (const name of stepNames) {
    test(`${name}: ensure`, async () => {
      await sweep(() => prepared(name), steps[name].ensure, async (home) => {
        await steps[name].ensure(home);
        if (name !== 'probe-isolation') assert.equal(await steps[name].observe(home), 'present');
      });
    });
    if (name === 'probe-isolation') continue;
    test(`${name}: undo`, async () => {
      const whole = async (): Promise<Home> => {
        const home = await prepared(name);
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
