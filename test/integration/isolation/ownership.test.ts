import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { ClaimDocument } from '../../../engines/isolation/parts/plane-database.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { beforeCommand, ensureBefore, inEveryMode, modes, newId, openCell, stepNames, steps } from './cell-fixture.ts';

const cell = openCell(attachToStack().mongod['eu-west-1']);
after(() => cell.close());

const otherClaims: Readonly<Record<string, Partial<ClaimDocument> | undefined>> = {
  'there is no claim': undefined,
  'another installation has the claim': { installation: 'elsewhere' },
  'the claim is for another tenant': { tenant: newId() },
};

for (const { mode, name } of inEveryMode(stepNames.slice(1).map((step) => ({ name: step })))) {
  describe(`${name} in mode ${mode}`, () => {
    for (const [when, claim] of Object.entries(otherClaims)) {
      test(`ensure is refused and undo changes nothing if ${when}`, async () => {
        const home = cell.home({ mode });
        await ensureBefore(name, home);
        await cell.removeClaim(home);
        if (claim !== undefined) await cell.insertClaim(home, claim);
        const before = await cell.snapshot(home);
        await assert.rejects(steps[name].ensure(home), { code: 'owned_by_another' });
        await steps[name].undo(home);
        assert.deepEqual(await cell.snapshot(home), before);
      });
    }

    test('ensure works under the claim of an earlier operation, and undo then changes nothing', async () => {
      const home = cell.home({ mode });
      await ensureBefore(name, home);
      const later = { ...home, operationId: newId() };
      await steps[name].ensure(later);
      const before = await cell.snapshot(home);
      await steps[name].undo(later);
      assert.deepEqual(await cell.snapshot(home), before);
    });
  });
}

for (const name of ['create-collections', 'create-roles'] as const) {
  test(`${name}: fails if the claim is lost meanwhile`, async () => {
    const home = cell.home();
    await ensureBefore(name, home);
    await assert.rejects(steps[name].ensure(beforeCommand(home, 'update', () => cell.removeClaim(home))), {
      code: 'owned_by_another',
      message: /is no longer claimed for this tenant/,
    });
  });
}

for (const mode of modes)
  test(`undo removes an activation in mode ${mode} completely, after every step`, async () => {
    for (let reached = 0; reached <= stepNames.length; reached += 1) {
      const home = cell.home({ mode });
      const untouched = await cell.snapshot(home);
      for (const name of stepNames.slice(0, reached)) await steps[name].ensure(home);
      for (const name of stepNames.toReversed()) await steps[name].undo(home);
      assert.deepEqual(await cell.snapshot(home), untouched, `after ${reached} steps`);
    }
  });
