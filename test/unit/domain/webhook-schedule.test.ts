import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  disableAfterMs,
  dueWarnings,
  parseRetryAfter,
  pauseAfter,
  retryDelay,
  retryDelaysMs,
} from '../../../domain/webhook-schedule.ts';

const hourMs = 3_600_000;
const share = fc.double({ min: 0, max: 1, noNaN: true });

describe('the schedule of attempts', () => {
  it('is that of Standard Webhooks, and then ends', () => {
    const delays = Array.from({ length: 12 }, (_, index) => retryDelay({ attempts: index + 1, random: 0 }));
    assert.deepEqual(delays.slice(0, 9), [...retryDelaysMs]);
    assert.deepEqual(delays.slice(9), [undefined, undefined, undefined]);
    const total = retryDelaysMs.reduce((sum, delay) => sum + delay, 0);
    assert.ok(total > 75 * hourMs && total < 77 * hourMs, `${total / hourMs} h`);
  });

  it('is later by at most a fifth, and never earlier', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), share, (attempts, random) => {
        const delay = retryDelay({ attempts, random });
        const base = retryDelaysMs[attempts - 1] ?? 0;
        return delay !== undefined && delay >= base && delay <= Math.ceil(base * 1.2);
      }),
    );
  });

  it('waits as long as the receiver asks, but no more than a day', () => {
    assert.equal(retryDelay({ attempts: 1, random: 0, retryAfterMs: 60_000 }), 60_000);
    assert.equal(retryDelay({ attempts: 3, random: 0, retryAfterMs: 1_000 }), retryDelaysMs[2]);
    assert.equal(retryDelay({ attempts: 1, random: 0, retryAfterMs: 1_000 * hourMs }), 24 * hourMs);
  });
});

describe('an endpoint', () => {
  it('is left alone when its receiver has too much to do', () => {
    assert.equal(pauseAfter(200, undefined), 0);
    assert.equal(pauseAfter(500, 60_000), 0);
    assert.equal(pauseAfter(undefined, undefined), 0);
    for (const status of [429, 502, 503, 504]) assert.equal(pauseAfter(status, undefined), 5_000);
    assert.equal(pauseAfter(429, 60_000), 60_000);
    assert.equal(pauseAfter(429, 48 * hourMs), hourMs);
  });

  it('is warned three times before it is disabled', () => {
    assert.equal(dueWarnings(0), 0);
    assert.equal(dueWarnings(disableAfterMs * 0.5 - 1), 0);
    assert.deepEqual(
      [0.5, 0.75, 0.9, 1].map((part) => dueWarnings(disableAfterMs * part)),
      [1, 2, 3, 3],
    );
  });
});

describe('Retry-After', () => {
  const now = new Date('2026-12-01T10:00:00.000Z');
  it('is a number of seconds, or a date', () => {
    assert.equal(parseRetryAfter('120', now), 120_000);
    assert.equal(parseRetryAfter(' 0 ', now), 0);
    assert.equal(parseRetryAfter('Tue, 01 Dec 2026 10:01:00 GMT', now), 60_000);
    assert.equal(parseRetryAfter('Tue, 01 Dec 2026 09:00:00 GMT', now), 0);
  });
  it('is ignored if it is neither', () => {
    for (const text of [undefined, '', 'soon', '-5', '1e9x']) assert.equal(parseRetryAfter(text, now), undefined, text);
  });
});
