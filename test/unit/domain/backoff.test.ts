import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { retryDelayMs } from '../../../domain/backoff.ts';

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const attempt = fc.integer({ min: 1, max: 1_000_000 });

describe('the delay before the next attempt', () => {
  it('never causes a hot loop and is never longer than the cap', () => {
    fc.assert(
      fc.property(attempt, random, (n, r) => {
        const delayMs = retryDelayMs(n, r);
        assert.ok(Number.isInteger(delayMs) && delayMs >= 20 && delayMs <= 15_000, String(delayMs));
      }),
    );
  });

  it('is between a tenth of its ceiling and the ceiling, which doubles until the cap', () => {
    fc.assert(
      fc.property(
        attempt,
        random,
        fc.integer({ min: 10, max: 1000 }),
        fc.integer({ min: 1000, max: 60_000 }),
        (n, r, baseMs, capMs) => {
          const ceilingMs = Math.min(capMs, baseMs * 2 ** (n - 1));
          const delayMs = retryDelayMs(n, r, { baseMs, capMs });
          assert.ok(delayMs >= Math.floor(ceilingMs / 10) && delayMs <= ceilingMs, `${delayMs} of ${ceilingMs}`);
        },
      ),
    );
  });

  it('uses the whole range, so that callers that failed together do not retry together', () => {
    assert.deepEqual(
      [0, 0.5, 1].map((r) => retryDelayMs(1, r)),
      [20, 110, 200],
    );
    assert.deepEqual(
      [1, 2, 3, 7, 8, 100].map((n) => retryDelayMs(n, 1)),
      [200, 400, 800, 12_800, 15_000, 15_000],
    );
  });
});
