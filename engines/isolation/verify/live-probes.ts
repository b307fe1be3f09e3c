import { randomUUID } from 'node:crypto';
import { Long } from 'mongodb';
import type { ClientSession, Document, MongoClient } from 'mongodb';
import { TenureError } from '../../../domain/tenure-error.ts';
import { listOnCell } from '../cell-commands.ts';
import type { CellWork, Home } from '../home.ts';
import { ownerOf } from '../parts/end-activity.ts';
import { noDocument, unstorable } from '../probe/boundary-attempts.ts';
import type { ProbeTarget } from './probe.ts';
import { containsAny, mark } from './probe.ts';
import { ask, isRefusal } from './answer.ts';
import type { Answer } from './answer.ts';
import type { Canary } from './canaries.ts';
import type { Verdict } from './judge.ts';

/** Running activity of the other tenant that the tenant tries to reach. */
interface Activity {
  readonly session: ClientSession;
  readonly cursor: Long;
  /** An operation that waits for changes. */
  readonly operation: number;
  /** Whether it ended undisturbed: the operation in its time, the cursor with the canary. */
  end(): Promise<boolean>;
}

/**
 * How long mongod waits before it answers the other tenant. Not even `killOp` ends this wait; the answer then says that
 * it was killed.
 */
const waitMs = 1_500;

/** A wait of the other tenant that mongod shows as an operation. */
interface Waiting {
  readonly operation: number;
  /** Whether it ended by itself rather than being killed. @throws TenureError cell_unavailable */
  end(): Promise<boolean>;
}

/** A change stream without changes keeps its `getMore` waiting: an operation that can be seen and killed. */
async function beginWaiting(
  work: CellWork,
  owner: MongoClient,
  { database, collection }: ProbeTarget,
): Promise<Waiting> {
  const opened = (await owner
    .db(database)
    .command({ aggregate: collection, pipeline: [{ $changeStream: {} }, { $match: { _id: null } }], cursor: {} })) as {
    cursor: { id: Long };
  };
  for (;;) {
    const comment = `tenure ${randomUUID()}`;
    const state = { isOver: false };
    const answer = ask(work, owner, database, {
      getMore: Long.fromValue(opened.cursor.id),
      collection,
      maxTimeMS: waitMs,
      comment,
    }).finally(() => {
      state.isOver = true;
    });
    // Handled by the caller that waits for its end.
    answer.catch(() => undefined);
    // mongod shows it soon, once it has started; one that ended before that is started again.
    while (!state.isOver) {
      const [found] = await listOnCell<{ opid: number }>(work, 'admin', {
        aggregate: 1,
        pipeline: [
          { $currentOp: { allUsers: true } },
          { $match: { 'command.comment': comment } },
          { $project: { opid: true } },
        ],
        cursor: {},
      });
      if (found !== undefined) return { operation: found.opid, end: async () => (await answer).kind === 'done' };
    }
    if ((await answer).kind === 'error')
      throw new TenureError(
        'cell_unavailable',
        `cell "${work.cell.name}" does not allow a tenant to watch its own collection`,
      );
  }
}

async function beginActivity(
  work: CellWork,
  owner: MongoClient,
  target: ProbeTarget,
  canary: Canary,
): Promise<Activity> {
  const { database, collection } = target;
  const session = owner.startSession();
  const opened = (await owner
    .db(database)
    .command({ find: collection, filter: { _id: canary._id }, batchSize: 0 }, { session })) as {
    cursor: { id: Long | number };
  };
  const cursor = Long.fromValue(opened.cursor.id);
  const waiting = await beginWaiting(work, owner, target);
  return {
    session,
    cursor,
    operation: waiting.operation,
    async end() {
      const read = await ask(work, owner, database, { getMore: cursor, collection }, session);
      const [found] = read.kind === 'done' ? (read.reply['cursor'] as { nextBatch: Document[] }).nextBatch : [];
      const endedByItself = await waiting.end();
      await session.endSession();
      return endedByItself && found?.['canary'] === canary.canary;
    },
  };
}

/** The result of a live probe, with what was sent. */
export interface LiveOutcome {
  readonly name: string;
  readonly database: string;
  readonly command: Document;
  readonly verdict: Verdict;
}

export interface LiveProbing extends CellWork {
  readonly from: Home;
  readonly to: Home;
  /** With the tenant's credential. */
  readonly client: MongoClient;
  /** With the other tenant's credential. */
  readonly owner: MongoClient;
  readonly target: ProbeTarget;
  readonly canary: Canary;
}

/** Tries as the tenant to reach running activity of the other: its cursor, its session, its operation. */
export async function probeActivity(probing: LiveProbing): Promise<LiveOutcome[]> {
  const { from, to, client, owner, target, canary } = probing;
  const { database, collection } = target;
  const [own] = from.layout.namespaces;
  if (own === undefined) throw new TenureError('internal', `tenant ${from.uid} has no collection`);
  const { session, cursor, operation, end } = await beginActivity(probing, owner, target, canary);
  const id = session.id?.id;
  const attempts: readonly (readonly [name: string, database: string, command: Document])[] = [
    ['kill its operation', 'admin', { killOp: 1, op: operation }],
    ['continue its cursor', database, { getMore: cursor, collection }],
    ['continue its cursor as one of its own', own.database, { getMore: cursor, collection: own.name }],
    ['kill its cursor', database, { killCursors: collection, cursors: [cursor] }],
    ['kill its cursor as one of its own', own.database, { killCursors: own.name, cursors: [cursor] }],
    ['kill its session', 'admin', { killSessions: [{ id }] }],
    ['end its session', 'admin', { endSessions: [{ id }] }],
    ['refresh its session', 'admin', { refreshSessions: [{ id }] }],
    ['see its own operations', 'admin', { currentOp: 1, $ownOps: true }],
    ['see its own operations, in a pipeline', 'admin', { aggregate: 1, pipeline: [{ $currentOp: {} }], cursor: {} }],
    ['list the sessions here', 'admin', { aggregate: 1, pipeline: [{ $listLocalSessions: {} }], cursor: {} }],
  ];
  const answers: { readonly attempt: (typeof attempts)[number]; readonly answer: Answer }[] = [];
  // The tenant itself has just sent the session id, so that is not secret; the session's owner is.
  const secrets = [Buffer.from(canary.canary, 'utf8'), Buffer.from(ownerOf(to.layout.user, to.layout.database).buffer)];
  let undisturbed = false;
  try {
    for (const attempt of attempts)
      answers.push({ attempt, answer: await ask(probing, client, attempt[1], attempt[2]) });
  } finally {
    undisturbed = await end();
  }
  return answers.map(({ attempt: [name, holder, command], answer }) => ({
    name,
    database: holder,
    command,
    verdict: verdictOn(answer, undisturbed, secrets),
  }));
}

function verdictOn(answer: Answer, undisturbed: boolean, secrets: readonly Buffer[]): Verdict {
  if (isRefusal(answer) && answer.kind === 'error')
    return { class: 'refused', code: answer.code, detail: `${answer.codeName} ${answer.code}` };
  // How the activity ended does not show which of the allowed probes disturbed it.
  if (!undisturbed)
    return { class: 'breach', evidence: 'changed', detail: 'running activity of the other tenant was disturbed' };
  if (answer.kind === 'error') return { class: 'notApplicable', detail: `${answer.codeName} ${answer.code}` };
  if (containsAny(answer.reply, secrets))
    return { class: 'breach', evidence: 'disclosed', detail: 'the answer contains data of the other tenant' };
  return { class: 'harmless', detail: 'running activity of the other tenant was not disturbed' };
}

/** Starts a transaction as the tenant on its own data and continues it on the other's. Nothing is ever committed. */
export async function probeTransactions({ from, client, target, ...work }: LiveProbing): Promise<LiveOutcome[]> {
  const { database, collection } = target;
  const outcomes: LiveOutcome[] = [];
  const steps: readonly (readonly [name: string, command: Document])[] = [
    ['read it in a transaction', { find: collection }],
    ['insert in a transaction', { insert: collection, documents: unstorable }],
    ['update in a transaction', { update: collection, updates: [{ q: noDocument, u: { $set: mark } }] }],
  ];
  for (const [name, command] of steps) {
    const session = client.startSession();
    try {
      session.startTransaction();
      const [own] = from.layout.namespaces;
      if (own !== undefined) await client.db(own.database).collection(own.name).findOne(noDocument, { session });
      const answer = await ask(work, client, database, command, session);
      const refused = isRefusal(answer) && answer.kind === 'error';
      outcomes.push({
        name,
        database,
        command,
        verdict: refused
          ? { class: 'refused', code: answer.code, detail: `${answer.codeName} ${answer.code}` }
          : { class: 'breach', evidence: 'let', detail: 'mongod allowed it' },
      });
    } finally {
      await session.abortTransaction().catch(() => undefined);
      await session.endSession();
    }
  }
  return outcomes;
}
