import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Commit, Transaction } from '../../../store/commit.ts';
import type { LedgerDraft } from '../../../store/ledger.ts';
import { createRefusals } from '../../../store/refusals.ts';

/** Collects the written entries, and has a clock that the test sets. */
function createLedger() {
  const entries: LedgerDraft[] = [];
  const ledger = {
    isAway: false,
    time: 0,
    entries,
    told: (): number[] => entries.map(({ repeated }) => repeated?.count ?? 1),
  };
  const commit: Commit = async (work) => {
    if (ledger.isAway) throw new Error('away');
    const done = await work({} as Transaction);
    if ('entries' in done) entries.push(...done.entries);
    return 'already' in done ? done.already : done.result;
  };
  return { ledger, refusals: createRefusals({ commit, now: () => ledger.time }) };
}

const refusal = (subject: string, name = 'acme', action = 'tenant.get'): LedgerDraft => ({
  actor: { subject, roles: [] },
  requestId: 'r',
  correlationId: 'c',
  action,
  target: { kind: 'Tenant', name },
  outcome: 'denied',
  reason: 'authz.role',
});

describe('refusals', () => {
  it('are recorded at once the first time, and repetitions as a number', async () => {
    const { ledger, refusals } = createLedger();
    for (let time = 0; time < 500; time += 1) await refusals.record(refusal('mallory'));
    assert.deepEqual(ledger.told(), [1, 10, 100]);
    await refusals.flush();
    assert.deepEqual(ledger.told(), [1, 10, 100, 500], 'none is lost');
  });

  it('of different callers, actions and targets are recorded separately', async () => {
    const { ledger, refusals } = createLedger();
    for (const subject of ['a', 'b'])
      for (const name of ['x', 'y'])
        for (const action of ['tenant.get', 'tenant.update']) await refusals.record(refusal(subject, name, action));
    assert.deepEqual(
      ledger.told(),
      Array.from({ length: 8 }, () => 1),
    );
  });

  it('of one caller on many targets are recorded singly up to a limit, then by action without a tenant', async () => {
    const { ledger, refusals } = createLedger();
    for (let index = 0; index < 500; index += 1)
      await refusals.record({ ...refusal('mallory', `tenant-${index}`), tenant: '01hzzzzzzzzzzzzzzzzzzzzza1' });
    await refusals.flush();
    assert.ok(ledger.entries.length < 60, `${ledger.entries.length} entries`);
    const last = ledger.entries.at(-1);
    assert.deepEqual([last?.repeated?.count, last?.target, last?.tenant], [450, { kind: 'Tenant' }, undefined]);
  });

  it('are recorded at once again in a later window, after the count of the previous one', async () => {
    const { ledger, refusals } = createLedger();
    for (let time = 0; time < 3; time += 1) await refusals.record(refusal('mallory'));
    ledger.time = 60_000;
    await refusals.record(refusal('mallory'));
    assert.deepEqual(ledger.told(), [1, 3, 1]);
  });

  it('fail if the first cannot be recorded, and are part of the next entry that can be', async () => {
    const { ledger, refusals } = createLedger();
    ledger.isAway = true;
    await assert.rejects(refusals.record(refusal('mallory')));
    ledger.isAway = false;
    await refusals.record(refusal('mallory'));
    assert.deepEqual(ledger.told(), [2]);
  });
});
