import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { nextRolloutStep } from '../../../domain/rollout.ts';
import type { RolloutProgress } from '../../../domain/rollout.ts';

const counts = { changing: 0, changed: 0, failed: 0, skipped: 0 };
const progress = (change: Partial<RolloutProgress>): RolloutProgress => ({
  waves: [1, '10%', '100%'],
  wave: 0,
  tenants: 100,
  maxFailures: 0,
  counts,
  exhausted: false,
  ...change,
});

describe('the next step of a roll-out', () => {
  it('takes no more tenants than its wave allows, and waits for them before the next wave', () => {
    assert.deepEqual(nextRolloutStep(progress({})), { kind: 'take', limit: 1 });
    assert.deepEqual(nextRolloutStep(progress({ counts: { ...counts, changing: 1 } })), { kind: 'wait' });
    assert.deepEqual(nextRolloutStep(progress({ counts: { ...counts, changed: 1 } })), { kind: 'next-wave' });
    assert.deepEqual(nextRolloutStep(progress({ wave: 1, counts: { ...counts, changed: 1 } })), {
      kind: 'take',
      limit: 9,
    });
  });

  it('respects its last wave too, and takes the remaining tenants after it', () => {
    assert.deepEqual(nextRolloutStep(progress({ waves: [5] })), { kind: 'take', limit: 5 });
    assert.deepEqual(nextRolloutStep(progress({ waves: [5], counts: { ...counts, changing: 1, changed: 4 } })), {
      kind: 'wait',
    });
    assert.deepEqual(nextRolloutStep(progress({ waves: [5], counts: { ...counts, changed: 5 } })), {
      kind: 'next-wave',
    });
    assert.deepEqual(nextRolloutStep(progress({ waves: [5], wave: 1, counts: { ...counts, changed: 5 } })), {
      kind: 'take',
      limit: 20,
    });
    assert.deepEqual(
      nextRolloutStep(progress({ waves: ['100%'], counts: { ...counts, changed: 100 } })),
      { kind: 'take', limit: 20 },
      'tenants that were created since then',
    );
  });

  it('takes at least one tenant, even for a small share of few tenants', () => {
    assert.deepEqual(nextRolloutStep(progress({ waves: ['1%', '100%'], tenants: 3 })), { kind: 'take', limit: 1 });
  });

  it('pauses on one failure more than allowed, before it takes another tenant', () => {
    assert.equal(nextRolloutStep(progress({ counts: { ...counts, failed: 1 } })).kind, 'pause');
    assert.equal(nextRolloutStep(progress({ maxFailures: 1, wave: 1, counts: { ...counts, failed: 1 } })).kind, 'take');
    assert.equal(
      nextRolloutStep(progress({ wave: 1, counts: { ...counts, skipped: 1 } })).kind,
      'take',
      'a skipped tenant does not count as a failure',
    );
  });

  it('ends when every tenant was taken and none is changing, in any wave', () => {
    assert.deepEqual(nextRolloutStep(progress({ exhausted: true, counts: { ...counts, changing: 1 } })), {
      kind: 'wait',
    });
    assert.deepEqual(nextRolloutStep(progress({ exhausted: true })), { kind: 'finish' });
  });

  it('always ends, and never changes more tenants at a time than it may', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.integer({ min: 1, max: 30 }),
            fc.integer({ min: 1, max: 100 }).map((share) => `${share}%`),
          ),
          { minLength: 1, maxLength: 5 },
        ),
        fc.integer({ min: 0, max: 80 }),
        (waves, tenants) => {
          let wave = 0;
          const now = { ...counts };
          let exhausted = false;
          for (let turn = 0; turn < 1_000; turn += 1) {
            const step = nextRolloutStep({ waves, wave, tenants, maxFailures: 0, counts: now, exhausted });
            if (step.kind === 'finish') {
              assert.equal(now.changed, tenants);
              return;
            }
            if (step.kind === 'take') {
              const left = tenants - now.changed - now.changing;
              now.changing += Math.min(step.limit, left);
              exhausted = step.limit > left;
              assert.ok(now.changing <= 20);
            } else if (step.kind === 'next-wave') wave += 1;
            else if (now.changing > 0) {
              now.changing -= 1;
              now.changed += 1;
            }
          }
          assert.fail('the roll-out does not end');
        },
      ),
    );
  });
});
