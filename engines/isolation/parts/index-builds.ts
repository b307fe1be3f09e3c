import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { MongoNetworkTimeoutError } from 'mongodb';
import type { Document } from 'mongodb';
import { nameOnCell } from '../../../contracts/manifests/index-spec.ts';
import type { IndexSpec } from '../../../contracts/manifests/index-spec.ts';
import { TenureError } from '../../../domain/tenure-error.ts';
import { listOnCell, readOnCell, writeOnCell } from '../cell-commands.ts';
import { serverCodes } from '../cell-errors.ts';
import { reserveMs, whileLeaseIsRenewed } from '../command-bounds.ts';
import type { CellWork, Home } from '../home.ts';
import { changeCollection } from './change-collection.ts';
import type { CollectionInHome } from './change-collection.ts';
import { declaredName } from './index-changes.ts';
import { indexDefinition } from './indexes.ts';

/** What was left out, as "collection/index", with why. */
export type LeftOut = Map<string, string>;

/** A build that is ended ends at its next point of interruption, which is near, and when nobody holds the collection. */
const limitMs = 20_000;
const pauseMs = 5;
const lookMs = 500;

/** By which mongod shows whose build it is. */
const commentOf = ({ operationId }: Home): string => `tenure operation ${operationId}`;

/** A command as mongod shows it: once for who has asked for it, and once for the thread of mongod's own that builds, while it does. */
interface ShownBuild {
  readonly opid: number | string;
  /** Absent: it is mongod's own thread. */
  readonly connectionId?: number;
  readonly command: {
    readonly createIndexes: string;
    readonly $db: string;
    readonly comment: string;
    readonly indexes: readonly { readonly name: string }[];
  };
}

async function buildsBy(work: CellWork, comment: Document | string): Promise<ShownBuild[]> {
  const pipeline = [
    { $currentOp: { allUsers: true } },
    { $match: { 'command.createIndexes': { $exists: true }, 'command.comment': comment } },
    { $project: { opid: true, connectionId: true, command: true } },
  ];
  return listOnCell(work, 'admin', { aggregate: 1, pipeline, cursor: { batchSize: 10_000 } });
}

const endedMeanwhile: ReadonlySet<number> = new Set([
  serverCodes.namespaceNotFound,
  serverCodes.indexNotFound,
  serverCodes.indexBuildAborted,
  serverCodes.backgroundOperationInProgress,
]);

/**
 * Ends builds with such a comment, and resolves when mongod shows none of them any more. What is being built is dropped, as MongoDB's
 * manual has it; only who still waits for a turn is killed. Killing the thread that builds as well as the command that asked for it
 * has mongod abort the build twice, and the two wait for each other for ever, with the collection locked (seen in 6.0.5).
 */
async function endBuilds(work: CellWork, comment: Document | string): Promise<void> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const left = await buildsBy(work, comment);
    if (left.length === 0) return;
    if (performance.now() > deadline)
      throw new TenureError(
        'cell_unavailable',
        `an index build on cell "${work.cell.name}" did not end within ${limitMs / 1000} s`,
      );
    const building = left.filter(({ connectionId }) => connectionId === undefined);
    for (const { command } of building)
      await writeOnCell(
        work,
        command.$db,
        { dropIndexes: command.createIndexes, index: command.indexes.map(({ name }) => name) },
        endedMeanwhile,
      );
    const waiting = left.filter((one) => !building.some(({ command }) => command.comment === one.command.comment));
    for (const { opid } of waiting) await readOnCell(work, 'admin', { killOp: 1, op: opid });
    await pause(pauseMs);
  }
}

/** Resolves when mongod has ended the build, one way or the other. @throws TenureError cell_unavailable; what the lease throws */
async function waitForBuild(work: CellWork, comment: string): Promise<void> {
  while ((await buildsBy(work, comment)).length > 0) {
    if (work.lease.remainingMs() <= reserveMs)
      throw new TenureError('cell_unavailable', `cell "${work.cell.name}" did not build within the lease`);
    await pause(Math.min(lookMs, work.lease.remainingMs() - reserveMs));
  }
}

/**
 * Ends what attempts at this operation have left: mongod goes on with a build, and with waiting for one's turn to build, when the one who
 * asked for it is gone. Before an undo; what goes forward may leave it, for mongod has whoever asks for the same index wait for its build.
 * @throws TenureError cell_unavailable
 */
export async function endIndexBuilds(home: Home): Promise<void> {
  await endBuilds(home, { $regex: `^${commentOf(home)} ` });
}

/** Sends it; where the socket gives up sooner than mongod, waits for mongod. What has become of it the next look shows. */
async function sendBuild(collection: CollectionInHome, indexes: readonly IndexSpec[], comment: string): Promise<void> {
  const { home, namespace } = collection;
  try {
    await changeCollection(
      collection,
      { createIndexes: namespace.name, indexes: indexes.map(indexDefinition), commitQuorum: 'majority', comment },
      whileLeaseIsRenewed(home),
    );
  } catch (error) {
    if (!(error instanceof TenureError && error.cause instanceof MongoNetworkTimeoutError)) throw error;
    await waitForBuild(home, comment);
  }
}

/** As long as the lease is renewed. What is given up within the lease is ended in mongod too. */
async function build(collection: CollectionInHome, indexes: readonly IndexSpec[]): Promise<void> {
  const comment = `${commentOf(collection.home)} ${randomUUID()}`;
  try {
    await sendBuild(collection, indexes, comment);
  } catch (error) {
    // Where the lease is lost already nothing more is sent: whoever undoes the step ends the build first.
    if (error instanceof TenureError && error.code === 'cell_unavailable')
      await endBuilds(collection.home, comment).catch(() => undefined);
    throw error;
  }
}

/**
 * Makes the indexes, however long that takes while the lease is renewed. One that mongod refuses is left out where `leftOut` is given; which
 * of several it is, is tried one by one.
 * @throws TenureError schema_rejected, cell_unavailable; what the lease throws
 */
export async function createIndexes(
  collection: CollectionInHome,
  indexes: readonly IndexSpec[],
  leftOut?: LeftOut,
): Promise<void> {
  const [first] = indexes;
  try {
    await build(collection, indexes);
  } catch (error) {
    if (
      leftOut === undefined ||
      first === undefined ||
      !(error instanceof TenureError) ||
      error.code !== 'schema_rejected'
    )
      throw error;
    if (indexes.length === 1)
      leftOut.set(`${collection.namespace.declared.name}/${declaredName(nameOnCell(first))}`, error.message);
    else for (const index of indexes) await createIndexes(collection, [index], leftOut);
  }
}
