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

describe('what an activity throws to Temporal', () => {
  for (const code of problemCodes) {
    const passes = problems[code].retryable && code !== 'cancelled';
    it(`${code} is ${passes || code === 'internal' ? 'tried again' : 'final'}`, () => {
      assert.equal(isFinal(new TenureError(code, 'x')), !passes && code !== 'internal');
    });
    it(`${code} of what has no other way than on is ${code === 'fenced' ? 'final' : 'tried again, however often it was'}`, () => {
      assert.equal(isFinal(new RetryForever(new TenureError(code, 'x')), 1_000), code === 'fenced');
    });
  }
  it('keeps code and text of the failure inside', () => {
    const failure = asFailure(new RetryForever(new TenureError('schema_rejected', 'no')), 3) as ApplicationFailure;
    assert.deepEqual([failure.type, failure.message], ['schema_rejected', 'no']);
  });
  it('a fault of our own is final after five attempts', () => {
    assert.deepEqual(
      [1, 4, 5].map((attempt) => isFinal(new TypeError('x'), attempt)),
      [false, false, true],
    );
  });
  it('what is to be tried at a time is', () => {
    const failure = asFailure(new RetryAfter('later', 1234), 1) as ApplicationFailure;
    assert.deepEqual([failure.nonRetryable, failure.nextRetryDelay], [false, 1234]);
  });
  for (const [when, error] of [
    ['at once', new RetryAfter('now')],
    ['after no time', new RetryAfter('now', 0)],
    ['after a part of a millisecond', new RetryAfter('now', 0.3)],
    ['at a time that is over', new RetryAfter('now', -5)],
  ] as const) {
    it(`what is to be tried again ${when} is tried again: Temporal takes a delay of 0 for final`, () => {
      const { nextRetryDelay, nonRetryable } = asFailure(error, 1) as ApplicationFailure;
      assert.equal(nonRetryable, false);
      assert.ok(Number.isInteger(nextRetryDelay) && Number(nextRetryDelay) >= 1, String(nextRetryDelay));
    });
  }
});
