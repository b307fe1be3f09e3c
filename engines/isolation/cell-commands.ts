import { MongoServerError } from 'mongodb';
import type { Document, ErrorDescription } from 'mongodb';
import { TenureError } from '../../domain/tenure-error.ts';
import { asCellError, serverCode } from './cell-errors.ts';
import type { CellWork } from './home.ts';

/**
 * Sends one command. The lease bounds it on both sides: here the wait for a connection and for the answer, in mongod the
 * work. What the driver has not sent by then it never sends.
 */
async function run({ cell, lease }: CellWork, database: string, command: Document): Promise<Document> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new TenureError('cell_unavailable', `cell "${cell.name}" did not answer within the lease`)), lease.remainingMs());
  const bounded = {
    ...command,
    // The driver reads it when it has a connection: the lease may have shrunk or been lost while it waited for one.
    get maxTimeMS() {
      return lease.remainingMs();
    },
  };
  try {
    const reply = await cell.client.db(database).command(bounded, { signal: late.signal });
    // A refused insert or delete is not a failed command.
    const [refused] = (reply['writeErrors'] ?? []) as ErrorDescription[];
    if (refused !== undefined) throw new MongoServerError(refused);
    return reply;
  } catch (error) {
    throw asCellError(cell.name, error);
  } finally {
    clearTimeout(timer);
  }
}

/** The reply to a command that changes nothing. @throws TenureError cell_unavailable; what the lease throws */
export function readOnCell(work: CellWork, database: string, command: Document): Promise<Document> {
  return run(work, database, command);
}

const none: ReadonlySet<number> = new Set();

/**
 * Runs a command that changes something, and resolves when a majority has it in its journal. Returns `undefined` where
 * mongod refuses with one of the codes `ignoring`.
 * @throws TenureError cell_unavailable; what the lease throws
 */
export async function writeOnCell(work: CellWork, database: string, command: Document, ignoring = none): Promise<Document | undefined> {
  try {
    return await run(work, database, { ...command, writeConcern: { w: 'majority', j: true } });
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
  if (String(cursor.id) !== '0') throw new TenureError('internal', `cell "${work.cell.name}" has more to answer to ${Object.keys(command)[0]} than fits one batch`);
  return cursor.firstBatch;
}
