import { MongoErrorLabel, MongoServerError, Timestamp } from 'mongodb';
import type { ClientSession, Document, MongoClient } from 'mongodb';
import { TenureError } from '../../../domain/tenure-error.ts';
import { serverCodes } from '../cell-errors.ts';
import type { CellWork } from '../home.ts';

/** What mongod said to one command. */
export type Answer =
  | { readonly kind: 'done'; readonly reply: Document }
  | { readonly kind: 'error'; readonly code: number; readonly codeName: string; readonly message: string };

/**
 * A read concern that mongod cannot satisfy. It looks at it after it has asked for the rights and before it does anything; so a
 * command that carries it is refused where the rights are missing, and stopped without any effect where they are there.
 */
export const stop = { readConcern: { level: 'snapshot', atClusterTime: new Timestamp({ t: 1, i: 1 }) } } as const;

/** mongod's codes for a {@link stop}: a command without read concerns, and two for one that reads. */
const stopCodes: ReadonlySet<number> = new Set([72, 239, 246]);

/** What a mongod says that is about to end, to step down, or too busy: no answer to what was asked. */
const unsettledCodes: ReadonlySet<number> = new Set([50, 91, 189, 262, 10_107, 11_600, 11_602, 13_435, 13_436]);

export function isStop(answer: Answer): boolean {
  return answer.kind === 'error' && stopCodes.has(answer.code);
}

/** Said to a connection without a login; where there was one, it proves nothing of the tenant's rights. */
const withoutLogin = /requires authentication/;

/** Whether mongod refused for want of rights: 13, Unauthorized. */
export function wantsRights(answer: Answer): boolean {
  return answer.kind === 'error' && answer.code === serverCodes.unauthorized;
}

/** Whether mongod refused. The only codes that count: 13 (Unauthorized), and 18 (AuthenticationFailed) of what is about a login. */
export function isRefusal(answer: Answer): boolean {
  return wantsRights(answer) || (answer.kind === 'error' && answer.code === serverCodes.authenticationFailed);
}

/**
 * Sends one command and returns what mongod answered. What did not come from mongod, such as a lost connection or the driver's own
 * refusal, is no answer.
 * @throws TenureError cell_unavailable; what the lease throws
 */
export async function ask(
  { cell, lease }: CellWork,
  client: MongoClient,
  database: string,
  command: Document,
  session?: ClientSession,
): Promise<Answer> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), lease.remainingMs());
  try {
    return {
      kind: 'done',
      reply: await client
        .db(database)
        .command(command, { signal: late.signal, ...(session === undefined ? {} : { session }) }),
    };
  } catch (error) {
    // What mongod says to the driver's own handshake is not said to the command. Of a few old commands it gives no code.
    const code =
      error instanceof MongoServerError && !error.hasErrorLabel(MongoErrorLabel.HandshakeError)
        ? Number(error.code ?? 0)
        : undefined;
    if (!(error instanceof MongoServerError) || code === undefined || unsettledCodes.has(code)) {
      const why = error instanceof Error ? `${error.name}: ${error.message}` : 'no answer';
      throw new TenureError(
        'cell_unavailable',
        `cell "${cell.name}" gave no answer to ${Object.keys(command)[0]} (${why})`,
        { cause: error },
      );
    }
    return { kind: 'error', code, codeName: error.codeName ?? '', message: error.message };
  } finally {
    clearTimeout(timer);
  }
}

/** Whether the refusal is of somebody who is not logged in. */
export function isWithoutLogin(answer: Answer): boolean {
  return answer.kind === 'error' && withoutLogin.test(answer.message);
}
