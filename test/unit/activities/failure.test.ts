import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import { asFailure, RetryAfter, RetryForever } from '../../../activities/failure.ts';
import { problemCodes, problems } from '../../../contracts/problems.ts';
import { TenureError } from '../../../domain/tenure-error.ts';

const isFinal = (error: unknown, attempt = 1): boolean => {
  const failure = asFailure(error, attempt);
  assert.ok(failure instanceof ApplicationFailure);
  return failure.nonRetryable === true;
};

describe('the failure that an activity throws to Temporal', () => {
  for (const code of problemCodes) {
    const passes = problems[code].retryable && code !== 'cancelled';
    it(`for ${code} is ${passes || code === 'internal' ? 'retryable' : 'final'}`, () => {
      assert.equal(isFinal(new TenureError(code, 'x')), !passes && code !== 'internal');
    });
    it(`for ${code} in work that can only go forward is ${code === 'fenced' ? 'final' : 'always retryable'}`, () => {
      assert.equal(isFinal(new RetryForever(new TenureError(code, 'x')), 1_000), code === 'fenced');
    });
  }
  it('keeps the code and text of the wrapped failure', () => {
    const failure = asFailure(new RetryForever(new TenureError('schema_rejected', 'no')), 3) as ApplicationFailure;
    assert.deepEqual([failure.type, failure.message], ['schema_rejected', 'no']);
  });
  it('for an internal error is final after five attempts', () => {
    assert.deepEqual(
      [1, 4, 5].map((attempt) => isFinal(new TypeError('x'), attempt)),
      [false, false, true],
    );
  });
  it('for a retry after a delay is retryable with that delay', () => {
    const failure = asFailure(new RetryAfter('later', 1234), 1) as ApplicationFailure;
    assert.deepEqual([failure.nonRetryable, failure.nextRetryDelay], [false, 1234]);
  });
  for (const [when, error] of [
    ['at once', new RetryAfter('now')],
    ['after no delay', new RetryAfter('now', 0)],
    ['after a fraction of a millisecond', new RetryAfter('now', 0.3)],
    ['at a time in the past', new RetryAfter('now', -5)],
  ] as const) {
    it(`for a retry ${when} is retryable: Temporal treats a delay of 0 as final`, () => {
      const { nextRetryDelay, nonRetryable } = asFailure(error, 1) as ApplicationFailure;
      assert.equal(nonRetryable, false);
      assert.ok(Number.isInteger(nextRetryDelay) && Number(nextRetryDelay) >= 1, String(nextRetryDelay));
    });
  }
});
