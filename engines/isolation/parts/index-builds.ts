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

/** The indexes that were left out, as "collection/index", with the reason. */
export type LeftOut = Map<string, string>;

/** A killed build ends at its next interruption point, which is near, and once nobody locks the collection. */
const limitMs = 20_000;
const pauseMs = 5;
const pollMs = 500;

/** The comment by which mongod shows which operation a build belongs to. */
const commentOf = ({ operationId }: Home): string => `tenure operation ${operationId}`;

/** A command as mongod shows it: once for its client, and once for mongod's own thread while that builds. */
interface ShownBuild {
  readonly opid: number | string;
  /** Absent for mongod's own thread. */
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
 * Ends builds with such a comment, and resolves once mongod shows none of them. An index that is being built is
 * dropped, as MongoDB's manual says; only a command that still waits for its turn is killed. Killing both the building
 * thread and the command makes mongod abort the build twice, and the two aborts wait for each other forever, with the
 * collection locked (seen in 6.0.5).
 */
async function endBuilds(work: CellWork, comment: Document | string): Promise<void> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const remaining = await buildsBy(work, comment);
    if (remaining.length === 0) return;
    if (performance.now() > deadline)
      throw new TenureError(
        'cell_unavailable',
        `an index build on cell "${work.cell.name}" did not end within ${limitMs / 1000} s`,
      );
    const building = remaining.filter(({ connectionId }) => connectionId === undefined);
    for (const { command } of building)
      await writeOnCell(
        work,
        command.$db,
        { dropIndexes: command.createIndexes, index: command.indexes.map(({ name }) => name) },
        endedMeanwhile,
      );
    const waiting = remaining.filter(
      (candidate) => !building.some(({ command }) => command.comment === candidate.command.comment),
    );
    for (const { opid } of waiting) await readOnCell(work, 'admin', { killOp: 1, op: opid });
    await pause(pauseMs);
  }
}

/**
 * Resolves when mongod has ended the build, successfully or not.
 * @throws TenureError cell_unavailable; what the lease throws
 */
async function waitForBuild(work: CellWork, comment: string): Promise<void> {
  while ((await buildsBy(work, comment)).length > 0) {
    if (work.lease.remainingMs() <= reserveMs)
      throw new TenureError(
        'cell_unavailable',
        `cell "${work.cell.name}" did not finish an index build within the lease`,
      );
    await pause(Math.min(pollMs, work.lease.remainingMs() - reserveMs));
  }
}

/**
 * Ends what earlier attempts at this operation left: mongod continues to build, or to wait for its turn to build, after
 * its client is gone. Call it before an undo. A step that moves forward need not, because mongod makes a request for
 * the same index wait for the running build.
 * @throws TenureError cell_unavailable
 */
export async function endIndexBuilds(home: Home): Promise<void> {
  await endBuilds(home, { $regex: `^${commentOf(home)} ` });
}

/** Sends the build; if the socket gives up before mongod, waits for mongod. The next check shows the outcome. */
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

/** Builds for as long as the lease is renewed. A build that is given up within the lease is also ended in mongod. */
async function build(collection: CollectionInHome, indexes: readonly IndexSpec[]): Promise<void> {
  const comment = `${commentOf(collection.home)} ${randomUUID()}`;
  try {
    await sendBuild(collection, indexes, comment);
  } catch (error) {
    // If the lease is already lost, nothing more is sent; an undo of the step ends the build first.
    if (error instanceof TenureError && error.code === 'cell_unavailable')
      await endBuilds(collection.home, comment).catch(() => undefined);
    throw error;
  }
}

/**
 * Creates the indexes, for as long as the lease is renewed. With `leftOut`, an index that mongod refuses is left out;
 * if there are several, they are tried one by one to find it.
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
