import { MongoServerError } from 'mongodb';
import type { Document, ErrorDescription } from 'mongodb';
import { TenureError } from '../../domain/tenure-error.ts';
import { asCellError, serverCode } from './cell-errors.ts';
import { withinLease } from './command-bounds.ts';
import type { CommandBounds } from './command-bounds.ts';
import type { CellWork } from './home.ts';

/** Sends one command within its bounds. If the driver has not sent it by then, it never does. */
async function run(
  { cell }: CellWork,
  database: string,
  command: Document,
  { maxTimeMS, watch }: CommandBounds,
): Promise<Document> {
  const abandoned = new AbortController();
  const unwatch = watch((reason) => abandoned.abort(reason));
  const bounded = {
    ...command,
    // The driver reads it once it has a connection; while it waited for one, the lease may have become shorter or lost.
    get maxTimeMS() {
      return maxTimeMS();
    },
  };
  try {
    const reply = await cell.client.db(database).command(bounded, { signal: abandoned.signal });
    // mongod does not report a refused insert or delete as a failed command.
    const [refused] = (reply['writeErrors'] ?? []) as ErrorDescription[];
    if (refused !== undefined) throw new MongoServerError(refused);
    return reply;
  } catch (error) {
    throw asCellError(cell.name, error);
  } finally {
    unwatch();
  }
}

/** Runs a command that changes nothing. @throws TenureError cell_unavailable; what the lease throws */
export function readOnCell(work: CellWork, database: string, command: Document): Promise<Document> {
  return run(work, database, command, withinLease(work));
}

const noCodes: ReadonlySet<number> = new Set();

/**
 * Runs a command that changes something, and resolves when a majority has journaled it. Returns `undefined` if mongod
 * refuses with one of the codes in `ignoring`.
 * @throws TenureError cell_unavailable; what the lease throws
 */
export async function writeOnCell(
  work: CellWork,
  database: string,
  command: Document,
  ignoring = noCodes,
  bounds = withinLease(work),
): Promise<Document | undefined> {
  try {
    return await run(work, database, { ...command, writeConcern: { w: 'majority', j: true } }, bounds);
  } catch (error) {
    if (ignoring.has(serverCode(error) ?? 0)) return undefined;
    throw error;
  }
}

/**
 * Returns all results of a command with a cursor. They must fit one batch of 16 MB; a `find` or `aggregate` must ask
 * for a large batch.
 * @throws TenureError internal if they do not fit: a part would look like the whole
 */
export async function listOnCell<T>(work: CellWork, database: string, command: Document): Promise<T[]> {
  const { cursor } = (await readOnCell(work, database, command)) as { cursor: { id: unknown; firstBatch: T[] } };
  if (String(cursor.id) !== '0')
    throw new TenureError(
      'internal',
      `the answer of cell "${work.cell.name}" to ${Object.keys(command)[0]} does not fit one batch`,
    );
  return cursor.firstBatch;
}
