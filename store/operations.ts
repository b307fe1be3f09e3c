import type { Filter, UpdateFilter } from 'mongodb';
import type { LifecycleEnd, LifecycleState, OperationKind } from '../contracts/lifecycle.ts';
import type { OperationError } from '../contracts/operation.ts';
import type { FinalOperationState, OperationState } from '../contracts/operation-states.ts';
import type { PolicyActor } from '../contracts/policy.ts';
import { stepsOf } from '../domain/step-plan.ts';
import type { StepKey } from '../domain/step-plan.ts';
import type { SpecFields } from '../domain/spec-fields.ts';
import { TenureError } from '../domain/tenure-error.ts';
import type { Transaction } from './commit.ts';
import type { ControlDatabase } from './control-database.ts';
import { onControl } from './control-errors.ts';
import { storageVersion } from './documents.ts';
import type { OperationDocument, StepDocument } from './documents.ts';
import { withTexts } from './free-json.ts';
import { personalOfOperation } from './personal-values.ts';
import { mapSized, readSized, readWithin } from './reading.ts';
import type { Sized } from './reading.ts';
import { upgradeOnRead } from './storage-versions.ts';

export interface AcceptedOperation {
  readonly id: string;
  readonly kind: OperationKind;
  readonly tenant: { readonly uid: string; readonly name: string };
  readonly from: LifecycleState;
  readonly to: LifecycleEnd;
  readonly generation: number;
  readonly fence: number;
  readonly actor: PolicyActor;
  readonly requestId: string;
  readonly correlationId: string;
  readonly assign: SpecFields;
  readonly restore: SpecFields;
  readonly before: OperationDocument['before'];
  readonly deferred?: SpecFields;
  readonly next?: string;
  readonly early?: true;
  /** The operation that must end first; the new one is pending until then. */
  readonly waitsFor?: string;
}

/** Identifies a holder of the lock. Its writes are refused once a later holder has a higher fence. */
export interface Holder {
  readonly operationId: string;
  readonly fence: number;
}

export interface OperationPage {
  readonly tenants?: readonly string[];
  readonly state?: OperationState;
  /** Ids before this one. */
  readonly before?: string;
  readonly limit: number;
}

/** Stalled operations, the longest stalled first. */
export interface StalledPage {
  /** No write to them for at least this long. */
  readonly idleMs: number;
  /** Whether a workflow run has begun them. */
  readonly begun: boolean;
  /** The last operation of the previous page. */
  readonly after?: Pick<OperationDocument, '_id' | 'updateTime'>;
  readonly limit: number;
}

export interface OperationStore {
  find(id: string): Promise<OperationDocument | undefined>;
  /** Newest first. */
  scan(page: OperationPage): AsyncIterable<Sized<OperationDocument>>;
  /** The same, collected into an array. */
  list(page: OperationPage): Promise<OperationDocument[]>;
  /** The operations among these that have ended. */
  finished(ids: readonly string[]): Promise<OperationDocument[]>;
  /** Unfinished operations, except pending ones, with no write for a while. */
  stalled(page: StalledPage): Promise<OperationDocument[]>;
  insert(tx: Transaction, accepted: AcceptedOperation): Promise<OperationDocument>;
  read(tx: Transaction, id: string): Promise<OperationDocument | undefined>;
  /** Records that its cancellation was requested; the first request's time is kept. */
  requestCancel(tx: Transaction, id: string): Promise<OperationDocument>;
  /**
   * Commits the intent of one step of a pending operation. The step is done for it before it has the lock.
   * @returns whether the operation is still pending
   */
  beginWhilePending(id: string, step: StepKey): Promise<boolean>;
  /**
   * Lets a pending operation begin under this fence, or ends it before it began.
   * @throws TenureError fenced, when it is no longer pending
   */
  resolvePending(tx: Transaction, id: string, change: UpdateFilter<OperationDocument>): Promise<OperationDocument>;
  /** Removes the link to the next operation, because that one was cancelled. */
  unlink(tx: Transaction, id: string, cutShort: NonNullable<OperationDocument['cutShort']>): Promise<void>;
  /**
   * Changes an operation that is held under this fence and that matches `guard`, if there is one.
   * @throws TenureError fenced
   */
  update(
    tx: Transaction,
    holder: Holder,
    change: UpdateFilter<OperationDocument>,
    guard?: Filter<OperationDocument>,
  ): Promise<OperationDocument>;
}

/** The update that closes an operation. The name of its actor is not needed any more. */
export function closing(state: FinalOperationState, time: Date): UpdateFilter<OperationDocument> {
  return {
    $set: { state, endTime: time, updateTime: time, leases: [] },
    $unset: { unfinished: true, ...personalOfOperation },
  };
}

/** On whose behalf an unfinished operation acts. */
export function actorOf({ _id, actor }: Pick<OperationDocument, '_id' | 'actor'>): PolicyActor {
  if (actor === undefined) throw new TypeError(`operation ${_id} has ended: only the ledger has the name of its actor`);
  return actor;
}

/** The update that starts the compensation of an operation. */
export function startingCompensation(
  compensatesTo: 'failed' | 'cancelled',
  error: OperationError,
  time: Date,
): UpdateFilter<OperationDocument> {
  return { $set: { state: 'compensating', compensatesTo, error, updateTime: time } };
}

/** The record of one of the operation's steps. */
export function stepOf(operation: OperationDocument, key: StepKey): StepDocument {
  const step = operation.steps[key];
  if (step === undefined) throw new TypeError(`a ${operation.kind} has no step "${key}"`);
  return step;
}

export function fenced(holder: Holder): TenureError {
  return new TenureError('fenced', `fence ${holder.fence} of operation ${holder.operationId} is no longer current`);
}

/** For more tenants in one query mongod would read all operations and sort them. It reads this many in order. */
const maxTenantsPerQuery = 100;

function chunksOf<T>(values: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, index) =>
    values.slice(index * size, (index + 1) * size),
  );
}

/** Merges sources that are each sorted by id, descending. */
async function* newestOf(
  sources: readonly AsyncGenerator<Sized<OperationDocument>>[],
  limit: number,
): AsyncGenerator<Sized<OperationDocument>> {
  const heads = await Promise.all(sources.map((source) => source.next()));
  try {
    for (let remaining = limit; remaining > 0; remaining -= 1) {
      let newest = -1;
      for (const [index, head] of heads.entries()) {
        const best = heads[newest];
        if (
          head.done !== true &&
          (best === undefined || best.done === true || head.value.document._id > best.value.document._id)
        )
          newest = index;
      }
      const [head, source] = [heads[newest], sources[newest]];
      if (head === undefined || head.done === true || source === undefined) return;
      yield head.value;
      heads[newest] = await source.next();
    }
  } finally {
    await Promise.all(sources.map((source) => source.return(undefined)));
  }
}

export function createOperationStore({ operations }: ControlDatabase): OperationStore {
  const ofTenants = (
    tenants: readonly string[] | undefined,
    { state, before, limit }: OperationPage,
  ): AsyncGenerator<Sized<OperationDocument>> => {
    const filter: Filter<OperationDocument> = {
      ...(tenants === undefined ? {} : { 'tenant.uid': { $in: [...tenants] } }),
      ...(state === undefined ? {} : { state }),
      ...(before === undefined ? {} : { _id: { $lt: before } }),
    };
    return mapSized(readSized(operations, filter, { sort: { _id: -1 }, limit }), (document) => upgradeOnRead(document));
  };

  function scan({ tenants, ...page }: OperationPage): AsyncIterable<Sized<OperationDocument>> {
    if (tenants === undefined || tenants.length <= maxTenantsPerQuery) return ofTenants(tenants, page);
    return newestOf(
      chunksOf(tenants, maxTenantsPerQuery).map((chunk) => ofTenants(chunk, page)),
      page.limit,
    );
  }

  return {
    async find(id) {
      const document = await onControl(() => operations.findOne({ _id: id }));
      return document === null ? undefined : upgradeOnRead(document);
    },
    scan,
    async list(page) {
      return (await readWithin(scan(page), Infinity)).documents;
    },
    async finished(ids) {
      const documents = await onControl(() =>
        operations.find({ _id: { $in: [...ids] }, unfinished: { $exists: false } }).toArray(),
      );
      return documents.map((document) => upgradeOnRead(document));
    },
    async stalled({ idleMs, begun, after, limit }) {
      const afterLast: Filter<OperationDocument> =
        after === undefined
          ? {}
          : {
              updateTime: { $gte: after.updateTime },
              $or: [{ updateTime: { $gt: after.updateTime } }, { _id: { $gt: after._id } }],
            };
      const documents = await onControl(() =>
        operations
          .find({
            unfinished: true,
            state: { $ne: 'pending' },
            runId: begun ? { $ne: null } : null,
            $expr: { $lt: ['$updateTime', { $subtract: ['$$NOW', idleMs] }] },
            ...afterLast,
          })
          .sort({ updateTime: 1, _id: 1 })
          .limit(limit)
          .toArray(),
      );
      return documents.map((document) => upgradeOnRead(document));
    },
    async insert(tx, { id, waitsFor, ...accepted }) {
      const pending: StepDocument = { state: 'pending', attempts: 0 };
      const steps = Object.fromEntries(
        stepsOf(accepted.kind).map((step) => [step.key, pending]),
      ) as OperationDocument['steps'];
      const document: OperationDocument = {
        ...accepted,
        _id: id,
        storageVersion,
        state: waitsFor === undefined ? 'accepted' : 'pending',
        waitsFor: waitsFor ?? null,
        cancelRequestTime: null,
        unfinished: true,
        runId: null,
        steps,
        leases: [],
        error: null,
        compensatesTo: null,
        createTime: tx.time,
        startTime: null,
        endTime: null,
        updateTime: tx.time,
      };
      await operations.insertOne(withTexts(document), { session: tx.session });
      return document;
    },
    async read(tx, id) {
      const document = await operations.findOne({ _id: id }, { session: tx.session });
      return document === null ? undefined : upgradeOnRead(document);
    },
    async requestCancel(tx, id) {
      const document = await operations.findOneAndUpdate(
        { _id: id, unfinished: true },
        [{ $set: { cancelRequestTime: { $ifNull: ['$cancelRequestTime', tx.time] }, updateTime: tx.time } }],
        { session: tx.session, returnDocument: 'after' },
      );
      if (document === null) throw new TenureError('operation_finished', `operation ${id} has ended`);
      return upgradeOnRead(document);
    },
    async beginWhilePending(id, step) {
      const path = `steps.${step}`;
      const start = {
        $set: {
          [`${path}.state`]: 'intent',
          [`${path}.startTime`]: { $ifNull: [`$${path}.startTime`, '$$NOW'] },
          updateTime: '$$NOW',
        },
      };
      return (
        (await onControl(() => operations.updateOne({ _id: id, state: 'pending', [path]: { $exists: true } }, [start])))
          .matchedCount === 1
      );
    },
    async resolvePending(tx, id, change) {
      const document = await operations.findOneAndUpdate(
        { _id: id, state: 'pending' },
        { ...change, ...(change.$set === undefined ? {} : { $set: withTexts(change.$set) }) },
        { session: tx.session, returnDocument: 'after' },
      );
      if (document === null) throw new TenureError('fenced', `operation ${id} is no longer pending`);
      return upgradeOnRead(document);
    },
    async unlink(tx, id, cutShort) {
      await operations.updateOne({ _id: id }, { $unset: { next: true }, $set: { cutShort } }, { session: tx.session });
    },
    async update(tx, holder, change, guard = {}) {
      const held: Filter<OperationDocument> = {
        ...guard,
        _id: holder.operationId,
        fence: holder.fence,
        unfinished: true,
      };
      const document = await operations.findOneAndUpdate(held, change, {
        session: tx.session,
        returnDocument: 'after',
      });
      if (document === null) throw fenced(holder);
      return upgradeOnRead(document);
    },
  };
}
