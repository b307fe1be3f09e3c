import { TenureError } from '../domain/tenure-error.ts';
import type { Transaction } from './commit.ts';
import type { ControlClock } from './control-clock.ts';
import type { ControlDatabase } from './control-database.ts';
import { isDuplicateKey, onControl } from './control-errors.ts';
import type { StoredAnswer } from './kept-answers.ts';

export interface IdempotentRequest {
  /** Whose key it is: two callers' equal keys have nothing to do with each other. */
  readonly principal: string;
  readonly key: string;
  /** Digest of method, path and body. */
  readonly fingerprint: string;
  /** Unique to this request. */
  readonly claim: string;
}

export interface IdempotencyStore {
  /**
   * Takes the key for this request, or returns the answer an earlier one committed.
   * @throws TenureError idempotency_in_progress, idempotency_key_reused
   */
  claim(request: IdempotentRequest): Promise<StoredAnswer | undefined>;
  /**
   * Keeps the answer in the commit that makes it true.
   * @throws TenureError idempotency_in_progress, when the claim was lost to a repeat of the request
   */
  keep(tx: Transaction, request: IdempotentRequest, answer: StoredAnswer): Promise<void>;
  /** Gives the key back after a refusal, which is not kept: it is decided anew when the request is repeated. */
  release(request: IdempotentRequest): Promise<void>;
}

/**
 * After this a request that died with its process no longer stands in the way of its repeat. As long as a commit goes on: one that takes
 * longer all told is refused at its own commit, if its repeat has come meanwhile.
 */
const claimMs = 8_000;
const keepMs = 24 * 60 * 60 * 1000;

export function createIdempotencyStore(
  { idempotency }: ControlDatabase,
  clock: Pick<ControlClock, 'asked' | 'now'>,
): IdempotencyStore {
  return {
    async claim({ principal, key, fingerprint, claim }) {
      await clock.asked();
      const now = clock.now().getTime();
      const fresh = {
        fingerprint,
        claim,
        claimUntil: new Date(now + claimMs),
        answer: null,
        expireTime: new Date(now + keepMs),
      };
      try {
        // Matches only a key that nobody has, or that a dead request left behind; else the insert collides.
        await onControl(() =>
          idempotency.updateOne(
            { _id: { principal, key }, fingerprint, answer: null, claimUntil: { $lt: new Date(now) } },
            { $set: fresh },
            { upsert: true },
          ),
        );
        return undefined;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
      const held = await onControl(() => idempotency.findOne({ _id: { principal, key } }));
      if (held !== null && held.fingerprint !== fingerprint) {
        throw new TenureError(
          'idempotency_key_reused',
          'this Idempotency-Key was sent before with another method, path or body',
        );
      }
      if (held?.answer == null)
        throw new TenureError(
          'idempotency_in_progress',
          'the first request with this Idempotency-Key has not ended yet',
        );
      return held.answer;
    },
    async keep(tx, { principal, key, claim }, answer) {
      const { matchedCount } = await idempotency.updateOne(
        { _id: { principal, key }, claim, answer: null },
        { $set: { answer } },
        { session: tx.session },
      );
      if (matchedCount === 0)
        throw new TenureError('idempotency_in_progress', 'a repeat of this request has taken over its Idempotency-Key');
    },
    async release({ principal, key, claim }) {
      await onControl(() => idempotency.deleteOne({ _id: { principal, key }, claim, answer: null }));
    },
  };
}
