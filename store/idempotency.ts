import { TenureError } from '../domain/tenure-error.ts';
import type { Transaction } from './commit.ts';
import type { ControlClock } from './control-clock.ts';
import type { ControlDatabase } from './control-database.ts';
import { isDuplicateKey, onControl } from './control-errors.ts';
import type { StoredAnswer } from './kept-answers.ts';

export interface IdempotentRequest {
  /** The key's owner: equal keys of two callers are independent. */
  readonly principal: string;
  readonly key: string;
  /** Digest of method, path and body. */
  readonly fingerprint: string;
  /** Unique to this request. */
  readonly claim: string;
}

export interface IdempotencyStore {
  /**
   * Claims the key for this request, or returns the answer that an earlier request committed.
   * @throws TenureError idempotency_in_progress, idempotency_key_reused
   */
  claim(request: IdempotentRequest): Promise<StoredAnswer | undefined>;
  /**
   * Stores the answer in the commit of the change that it reports.
   * @throws TenureError idempotency_in_progress, when a retry of the request has taken the claim
   */
  keep(tx: Transaction, request: IdempotentRequest, answer: StoredAnswer): Promise<void>;
  /**
   * Stores the answer of a request that succeeded without a change, for an hour.
   * @throws TenureError idempotency_in_progress, when a retry of the request has taken the claim
   */
  keepUnchanged(request: IdempotentRequest, answer: StoredAnswer): Promise<void>;
  /** Releases the key after a refusal. A refusal is not stored: when the request is repeated, it is decided again. */
  release(request: IdempotentRequest): Promise<void>;
}

/**
 * After this time, a request that died with its process no longer blocks a retry. It is as long as a commit may take: a
 * request that takes longer in total is refused at its own commit if a retry has claimed the key in the meantime.
 */
const claimMs = 8_000;
const keepMs = 24 * 60 * 60 * 1000;
/** Shorter, because clients that apply the same declaration every minute would otherwise fill the collection. */
const keepUnchangedMs = 60 * 60 * 1000;

const takenOver = (): TenureError =>
  new TenureError('idempotency_in_progress', 'a retry of this request has taken over its Idempotency-Key');

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
        // Matches only a key that is free or was left by a dead request; otherwise the insert collides.
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
      const existing = await onControl(() => idempotency.findOne({ _id: { principal, key } }));
      if (existing !== null && existing.fingerprint !== fingerprint) {
        throw new TenureError(
          'idempotency_key_reused',
          'this Idempotency-Key was used before with a different method, path or body',
        );
      }
      if (existing?.answer == null)
        throw new TenureError(
          'idempotency_in_progress',
          'the first request with this Idempotency-Key is still running',
        );
      return existing.answer;
    },
    async keep(tx, { principal, key, claim }, answer) {
      const { matchedCount } = await idempotency.updateOne(
        { _id: { principal, key }, claim, answer: null },
        { $set: { answer } },
        { session: tx.session },
      );
      if (matchedCount === 0) throw takenOver();
    },
    async keepUnchanged({ principal, key, claim }, answer) {
      const expireTime = new Date(clock.now().getTime() + keepUnchangedMs);
      const { matchedCount } = await onControl(() =>
        idempotency.updateOne({ _id: { principal, key }, claim, answer: null }, { $set: { answer, expireTime } }),
      );
      if (matchedCount === 0) throw takenOver();
    },
    async release({ principal, key, claim }) {
      await onControl(() => idempotency.deleteOne({ _id: { principal, key }, claim, answer: null }));
    },
  };
}
