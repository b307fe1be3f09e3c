import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { homeFormIn } from '../../../domain/isolation.ts';
import type { HomeStep } from '../../../engines/isolation/home-step.ts';
import type { Home, WorkLease } from '../../../engines/isolation/home.ts';
import { hasStopped } from '../../../tools/process/stopped.ts';
import { createTemporaryStack } from '../../../tools/stack/temporary-stack.ts';
import type { EmbeddedStack } from '../../../tools/stack/embedded-stack.ts';
import type { MongodHandle } from '../../../tools/stack/mongod.ts';
import { changing, ensureBefore, modes, openCell, parts, purge, stepNames, steps } from './cell-fixture.ts';
import type { CellFixture, StepName } from './cell-fixture.ts';

const leaseMs = 400;
/**
 * What a busy machine may add to a timer. Without the lease, the driver would wait three seconds for a cell that does
 * not run, and forever for one that does not answer.
 */
const slackMs = 2_000;

let stack: EmbeddedStack;
let mongod: MongodHandle;
let cell: CellFixture;
before(async () => {
  stack = await createTemporaryStack();
  mongod = stack.mongodHandle('eu-west-1');
  cell = openCell(mongod);
});
after(async () => {
  await cell.close();
  await stack.stop();
});

function leaseFrom(now: number): WorkLease {
  return { remainingMs: () => Math.max(1, Math.floor(now + leaseMs - performance.now())) };
}

type Act = 'observe' | 'ensure' | 'undo';
/** Of a probe, only `ensure` contacts the cell. */
const actsOf = (name: StepName): readonly Act[] =>
  name === 'probe-isolation' ? ['ensure'] : ['observe', 'ensure', 'undo'];
const acts = stepNames.flatMap((name) => actsOf(name).map((act) => ({ name, act })));

async function assertUnavailable(home: Home, name: StepName, act: Act): Promise<void> {
  const started = performance.now();
  await assert.rejects(
    steps[name][act]({ ...home, lease: leaseFrom(started) }),
    { name: 'TenureError', code: 'cell_unavailable', message: /"eu-west-1-a"/ },
    `${name} ${act}`,
  );
  const tookMs = performance.now() - started;
  assert.ok(tookMs <= leaseMs + slackMs, `${name} ${act} took ${tookMs} ms with a lease of ${leaseMs} ms`);
}

/** One tenant for each step, with all earlier steps done. The modes are used in turn. */
async function tenants(): Promise<Map<StepName, Home>> {
  const homes = new Map<StepName, Home>();
  for (const [at, name] of stepNames.entries()) {
    const home = cell.home({ mode: modes[at % modes.length] ?? 'dedicated' });
    await ensureBefore(name, home);
    homes.set(name, home);
  }
  return homes;
}

/** A tenant in each mode that is about to be archived. */
async function archiving(): Promise<Home[]> {
  const homes: Home[] = [];
  for (const mode of modes) {
    const home = cell.home({ mode });
    await ensureBefore('probe-isolation', home);
    homes.push(changing(home, { form: homeFormIn('Archived') }));
  }
  return homes;
}

const changes: readonly (readonly [string, Act, HomeStep])[] = [
  ...Object.entries(parts).flatMap(([name, part]) => actsOf('create-user').map((act) => [name, act, part] as const)),
  ...Object.entries(purge).map(([name, part]) => [name, 'ensure', part] as const),
];

/** Here too, the modes are used in turn. */
async function assertChangesUnavailable(homes: readonly Home[]): Promise<void> {
  for (const [at, [name, act, part]] of changes.entries()) {
    const home = homes[at % homes.length] as Home;
    const started = performance.now();
    await assert.rejects(
      part[act]({ ...home, lease: leaseFrom(started) }),
      { code: 'cell_unavailable', message: /"eu-west-1-a"/ },
      `${name} ${act} in mode ${home.mode}`,
    );
    assert.ok(
      performance.now() - started <= leaseMs + slackMs,
      `${name} ${act} took ${performance.now() - started} ms`,
    );
  }
}

async function assertChanged(homes: readonly Home[]): Promise<void> {
  for (const home of homes) {
    for (const part of Object.values(parts)) {
      await part.ensure(home);
      assert.equal(await part.observe(home), 'present');
    }
    for (const part of Object.values(purge)) await part.ensure(home);
    assert.equal(await cell.claim(home), null);
  }
}

async function assertEnsured(homes: ReadonlyMap<StepName, Home>): Promise<void> {
  for (const [name, home] of homes) {
    await steps[name].ensure(home);
    if (name !== 'probe-isolation') assert.equal(await steps[name].observe(home), 'present');
  }
}

describe('a cell that does not run', () => {
  let homes: Map<StepName, Home>;
  let leaving: Home[];
  before(async () => {
    homes = await tenants();
    leaving = await archiving();
    await mongod.kill('SIGKILL');
  });

  for (const { name, act } of acts)
    test(`${name}: ${act} reports it within its lease`, () => assertUnavailable(homes.get(name) as Home, name, act));

  test('every part of a change and of a purge reports it within its lease', () => assertChangesUnavailable(leaving));

  test('ensure reports it within its lease, also if the cell was never reached before', async () => {
    const fresh = openCell(mongod);
    try {
      await assertUnavailable(fresh.home(), 'claim-database', 'ensure');
    } finally {
      await fresh.disconnect();
    }
  });

  test('when it runs again, every step succeeds', async () => {
    await mongod.start();
    await assertEnsured(homes);
    await assertChanged(leaving);
  });
});

describe('a cell that does not answer', () => {
  let homes: Map<StepName, Home>;
  let leaving: Home[];
  before(async () => {
    homes = await tenants();
    leaving = await archiving();
    await mongod.kill('SIGSTOP');
  });
  after(() => mongod.kill('SIGCONT'));

  for (const { name, act } of acts)
    test(`${name}: ${act} reports it within its lease`, () => assertUnavailable(homes.get(name) as Home, name, act));

  test('every part of a change and of a purge reports it within its lease', () => assertChangesUnavailable(leaving));

  test('when it answers again, nothing that was given up is sent', async () => {
    const sent = cell.sent.length;
    await mongod.kill('SIGCONT');
    await cell.root.db('admin').command({ ping: 1 });
    for (const home of [...homes.values(), ...leaving]) await home.cell.client.db('admin').command({ ping: 1 });
    assert.deepEqual(
      cell.sent
        .slice(sent)
        .map(({ commandName }) => commandName)
        .filter((name) => name !== 'ping'),
      [],
    );
    await assertEnsured(homes);
    await assertChanged(leaving);
  });
});

describe('a cell that is lost in the middle of a step', () => {
  /**
   * A lease that sends mongod a signal at the given read. Each command reads it twice: before it waits for a
   * connection, and before it is sent. The lease is short from the read before the signal on, and long until then.
   */
  function signalAt(look: number, signal: 'SIGKILL' | 'SIGSTOP'): WorkLease & { readonly tookMs: () => number } {
    let looks = 0;
    let shortFrom = Infinity;
    let signalled = NaN;
    return {
      remainingMs() {
        looks += 1;
        if (looks === look - 1) shortFrom = performance.now();
        if (looks === look) {
          process.kill(mongod.pid as number, signal);
          if (signal === 'SIGSTOP') while (!hasStopped(mongod.pid as number));
          signalled = performance.now();
        }
        return shortFrom === Infinity ? 60_000 : leaseFrom(shortFrom).remainingMs();
      },
      tookMs: () => performance.now() - signalled,
    };
  }

  test('has half of the work done when it is back, and the next attempt finishes it', async () => {
    const home = cell.home();
    await ensureBefore('create-collections', home);
    // After the claim was read, the collections were listed, and the first one was created with its index.
    await assert.rejects(steps['create-collections'].ensure({ ...home, lease: signalAt(9, 'SIGKILL') }), {
      code: 'cell_unavailable',
    });
    await mongod.kill('SIGKILL');
    await mongod.start();
    assert.equal(await steps['create-collections'].observe(home), 'partial');
    await steps['create-collections'].ensure(home);
    assert.equal(await steps['create-collections'].observe(home), 'present');
  });

  for (const [when, look] of [
    ['before the tenant connects', 3],
    ['when the tenant asks for its privileges', 4],
    ['when the tenant makes an attempt', 14],
  ] as const) {
    test(`a probe waits no longer than its lease if mongod stops ${when}`, async () => {
      const home = cell.home();
      await ensureBefore('probe-isolation', home);
      const lease = signalAt(look, 'SIGSTOP');
      try {
        await assert.rejects(steps['probe-isolation'].ensure({ ...home, lease }), { code: 'cell_unavailable' });
        assert.ok(lease.tookMs() <= leaseMs + slackMs, `took ${lease.tookMs()} ms`);
      } finally {
        await mongod.kill('SIGCONT');
      }
      await steps['probe-isolation'].ensure(home);
    });
  }
});
