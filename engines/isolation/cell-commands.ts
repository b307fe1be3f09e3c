import { MongoServerError } from 'mongodb';
import type { Document, ErrorDescription } from 'mongodb';
import { TenureError } from '../../domain/tenure-error.ts';
import { asCellError, serverCode } from './cell-errors.ts';
import { withinLease } from './command-bounds.ts';
import type { CommandBounds } from './command-bounds.ts';
import type { CellWork } from './home.ts';

/** Sends one command within its bounds. What the driver has not sent by then it never sends. */
async function run(
  { cell }: CellWork,
  database: string,
  command: Document,
  { maxTimeMS, watch }: CommandBounds,
): Promise<Document> {
  const givenUp = new AbortController();
  const unwatch = watch((why) => givenUp.abort(why));
  const bounded = {
    ...command,
    // The driver reads it when it has a connection: the lease may have shrunk or been lost while it waited for one.
    get maxTimeMS() {
      return maxTimeMS();
    },
  };
  try {
    const reply = await cell.client.db(database).command(bounded, { signal: givenUp.signal });
    // A refused insert or delete is not a failed command.
    const [refused] = (reply['writeErrors'] ?? []) as ErrorDescription[];
    if (refused !== undefined) throw new MongoServerError(refused);
    return reply;
  } catch (error) {
    throw asCellError(cell.name, error);
  } finally {
    unwatch();
  }
}

/** The reply to a command that changes nothing. @throws TenureError cell_unavailable; what the lease throws */
export function readOnCell(work: CellWork, database: string, command: Document): Promise<Document> {
  return run(work, database, command, withinLease(work));
}

const none: ReadonlySet<number> = new Set();

/**
 * Runs a command that changes something, and resolves when a majority has it in its journal. Returns `undefined` where
 * mongod refuses with one of the codes `ignoring`.
 * @throws TenureError cell_unavailable; what the lease throws
 */
export async function writeOnCell(
  work: CellWork,
  database: string,
  command: Document,
  ignoring = none,
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
 * All that a command with a cursor answers. It has to fit one batch, of 16 MB; a `find` or `aggregate` must ask for a large one.
 * @throws TenureError internal, where it does not: a part would look like the whole
 */
export async function listOnCell<T>(work: CellWork, database: string, command: Document): Promise<T[]> {
  const { cursor } = (await readOnCell(work, database, command)) as { cursor: { id: unknown; firstBatch: T[] } };
  if (String(cursor.id) !== '0')
    throw new TenureError(
      'internal',
      `cell "${work.cell.name}" has more to answer to ${Object.keys(command)[0]} than fits one batch`,
    );
  return cursor.firstBatch;
}
