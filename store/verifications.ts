import { TenureError } from '../domain/tenure-error.ts';
import type { IsolationReport } from '../contracts/isolation-report.ts';
import type { PolicyActor } from '../contracts/policy.ts';
import type { Transaction } from './commit.ts';
import type { ControlClock } from './control-clock.ts';
import type { ControlDatabase } from './control-database.ts';
import { onControl } from './control-errors.ts';
import type { VerificationDocument } from './documents.ts';

interface Named {
  readonly uid: string;
  readonly name: string;
}

/** Identifies a running verification. */
export interface RunningVerification {
  readonly pair: string;
  readonly id: string;
}

/** The verifications between pairs of tenants. A pair has one document. */
export interface VerificationStore {
  /**
   * Marks the pair as being verified, or keeps the verification that is already running; returns the resulting
   * document.
   */
  accept(
    tx: Transaction,
    tenants: readonly [Named, Named],
    verification: {
      readonly id: string;
      readonly actor: PolicyActor;
      readonly requestId: string;
      readonly correlationId: string;
    },
  ): Promise<VerificationDocument>;
  find(pair: string): Promise<VerificationDocument | undefined>;
  /** The most recently updated verification of a tenant with any other. */
  latestOf(uid: string): Promise<VerificationDocument | undefined>;
  /** From now on, only this attempt can record the result. Returns undefined if the verification no longer runs. */
  begin(running: RunningVerification, attempt: string): Promise<VerificationDocument | undefined>;
  /** @throws TenureError fenced, when a later attempt has begun or the verification has ended */
  record(tx: Transaction, running: RunningVerification, attempt: string, report: IsolationReport): Promise<void>;
  /** Ends it without a verdict. Returns whether it was still running. */
  giveUp(
    tx: Transaction,
    running: RunningVerification,
    failure: { readonly code: string; readonly message: string },
  ): Promise<boolean>;
  /** The verifications of a tenant whose last verdict is a breach, as the transaction sees them. */
  breachesOf(tx: Transaction, uid: string): Promise<VerificationDocument[]>;
  /** Running verifications that began at least this long ago, the oldest first. */
  stalled(idleMs: number, limit: number): Promise<VerificationDocument[]>;
}

/** The id of a pair; the order of the two does not matter. */
export function pairOf(first: string, second: string): string {
  return [first, second].toSorted().join('/');
}

export function createVerificationStore(
  { verifications }: ControlDatabase,
  clock: Pick<ControlClock, 'now'>,
): VerificationStore {
  const runningFilter = ({ pair, id }: RunningVerification) => ({ _id: pair, 'running.id': id });
  return {
    async accept(tx, tenants, verification) {
      const pair = pairOf(tenants[0].uid, tenants[1].uid);
      const found = await verifications.findOne({ _id: pair }, { session: tx.session });
      if (found?.running != null) return found;
      const running = { ...verification, attempt: null, startTime: tx.time };
      const document: VerificationDocument = {
        _id: pair,
        tenants: tenants.map(({ uid, name }) => ({ uid, name })),
        running,
        failure: null,
        report: found?.report ?? null,
        updateTime: tx.time,
      };
      await verifications.replaceOne({ _id: pair }, document, { upsert: true, session: tx.session });
      return document;
    },
    async find(pair) {
      return (await onControl(() => verifications.findOne({ _id: pair }))) ?? undefined;
    },
    async latestOf(uid) {
      return (
        (await onControl(() => verifications.findOne({ 'tenants.uid': uid }, { sort: { updateTime: -1 } }))) ??
        undefined
      );
    },
    async begin(running, attempt) {
      return (
        (await onControl(() =>
          verifications.findOneAndUpdate(
            runningFilter(running),
            { $set: { 'running.attempt': attempt } },
            { returnDocument: 'after' },
          ),
        )) ?? undefined
      );
    },
    async record(tx, running, attempt, report) {
      const { matchedCount } = await verifications.updateOne(
        { ...runningFilter(running), 'running.attempt': attempt },
        { $set: { running: null, failure: null, report, updateTime: tx.time } },
        { session: tx.session },
      );
      if (matchedCount !== 1)
        throw new TenureError('fenced', `verification ${running.id} has ended or belongs to another attempt`);
    },
    async giveUp(tx, running, { code, message }) {
      const failure = { id: running.id, time: tx.time, code, message };
      const { matchedCount } = await verifications.updateOne(
        runningFilter(running),
        { $set: { running: null, failure, updateTime: tx.time } },
        { session: tx.session },
      );
      return matchedCount === 1;
    },
    breachesOf: (tx, uid) =>
      verifications.find({ 'tenants.uid': uid, 'report.verdict': 'breached' }, { session: tx.session }).toArray(),
    stalled: (idleMs, limit) =>
      onControl(() =>
        verifications
          .find({ 'running.startTime': { $lt: new Date(clock.now().getTime() - idleMs) } })
          .sort({ 'running.startTime': 1 })
          .limit(limit)
          .toArray(),
      ),
  };
}
