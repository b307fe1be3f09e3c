import { MongoErrorLabel, MongoServerError, Timestamp } from 'mongodb';
import type { ClientSession, Document, MongoClient } from 'mongodb';
import { TenureError } from '../../../domain/tenure-error.ts';
import { serverCodes } from '../cell-errors.ts';
import type { CellWork } from '../home.ts';

/** mongod's answer to one command. */
export type Answer =
  | { readonly kind: 'done'; readonly reply: Document }
  | { readonly kind: 'error'; readonly code: number; readonly codeName: string; readonly message: string };

/**
 * A read concern that mongod cannot satisfy. mongod checks it after authorization and before it does anything. So a
 * command with it is refused if the rights are missing, and stopped without any effect if they are present.
 */
export const stop = { readConcern: { level: 'snapshot', atClusterTime: new Timestamp({ t: 1, i: 1 }) } } as const;

/** mongod's codes for a {@link stop}: one for a command without read concerns, and two for one that reads. */
const stopCodes: ReadonlySet<number> = new Set([72, 239, 246]);

/** Codes of a mongod that shuts down, steps down, or is too busy: not an answer to the command. */
const transientCodes: ReadonlySet<number> = new Set([50, 91, 189, 262, 10_107, 11_600, 11_602, 13_435, 13_436]);

export function isStop(answer: Answer): boolean {
  return answer.kind === 'error' && stopCodes.has(answer.code);
}

/** The message for a connection without a login; if there was a login, it proves nothing about the tenant's rights. */
const withoutLogin = /requires authentication/;

/** Whether mongod refused because of missing rights: 13, Unauthorized. */
export function isUnauthorized(answer: Answer): boolean {
  return answer.kind === 'error' && answer.code === serverCodes.unauthorized;
}

/** Whether mongod refused. Only two codes count: 13 (Unauthorized), and 18 (AuthenticationFailed) for a login. */
export function isRefusal(answer: Answer): boolean {
  return isUnauthorized(answer) || (answer.kind === 'error' && answer.code === serverCodes.authenticationFailed);
}

/**
 * Sends one command and returns mongod's answer. A lost connection or a refusal by the driver itself does not count as
 * an answer.
 * @throws TenureError cell_unavailable; what the lease throws
 */
export async function ask(
  { cell, lease }: CellWork,
  client: MongoClient,
  database: string,
  command: Document,
  session?: ClientSession,
): Promise<Answer> {
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), lease.remainingMs());
  try {
    return {
      kind: 'done',
      reply: await client
        .db(database)
        .command(command, { signal: timeout.signal, ...(session === undefined ? {} : { session }) }),
    };
  } catch (error) {
    // An error in the driver's own handshake is not an answer to the command. A few old commands return an error
    // without a code.
    const code =
      error instanceof MongoServerError && !error.hasErrorLabel(MongoErrorLabel.HandshakeError)
        ? Number(error.code ?? 0)
        : undefined;
    if (!(error instanceof MongoServerError) || code === undefined || transientCodes.has(code)) {
      const reason = error instanceof Error ? `${error.name}: ${error.message}` : 'no answer';
      throw new TenureError(
        'cell_unavailable',
        `cell "${cell.name}" gave no answer to ${Object.keys(command)[0]} (${reason})`,
        { cause: error },
      );
    }
    return { kind: 'error', code, codeName: error.codeName ?? '', message: error.message };
  } finally {
    clearTimeout(timer);
  }
}

/** Whether mongod refused because nobody is logged in. */
export function isWithoutLogin(answer: Answer): boolean {
  return answer.kind === 'error' && withoutLogin.test(answer.message);
}
