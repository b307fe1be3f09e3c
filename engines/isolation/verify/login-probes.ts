import { MongoClient, MongoServerError } from 'mongodb';
import type { Document } from 'mongodb';
import { TenureError } from '../../../domain/tenure-error.ts';
import { serverCodes } from '../cell-errors.ts';
import type { Home } from '../home.ts';
import type { Verdict } from './judge.ts';
import type { LiveOutcome } from './live-probes.ts';

interface Login {
  readonly username: string;
  readonly source: string;
  readonly mechanism: 'SCRAM-SHA-256' | 'SCRAM-SHA-1';
}

const mechanisms = ['SCRAM-SHA-256', 'SCRAM-SHA-1'] as const;

/** Tries a login. One that cannot be tried at all has no verdict. @throws TenureError cell_unavailable */
async function tryLogin(to: Home, { username, source, mechanism }: Login, password: string): Promise<Verdict> {
  to.lease.remainingMs();
  const client = new MongoClient(to.cell.endpoint, {
    auth: { username, password },
    authSource: source,
    authMechanism: mechanism,
    maxPoolSize: 1,
    serverSelectionTimeoutMS: 5_000,
  });
  try {
    await client.db(source).command({ connectionStatus: 1 });
    return { class: 'breach', evidence: 'let', detail: 'mongod accepted the login' };
  } catch (error) {
    if (error instanceof MongoServerError && error.code === serverCodes.authenticationFailed)
      return { class: 'refused', code: error.code, detail: `${error.codeName} ${error.code}` };
    // The user, or mongod, does not have the mechanism.
    if (error instanceof MongoServerError && error.code !== undefined)
      return { class: 'notApplicable', detail: `${error.codeName ?? ''} ${error.code}` };
    throw new TenureError('cell_unavailable', `cell "${to.cell.name}" gave no answer to a login`, { cause: error });
  } finally {
    await client.close();
  }
}

/**
 * Tries the tenant's password where it must not work: for the other's user, and on the other's cell for its own user.
 */
export async function probeLogins(from: Home, to: Home, password: string): Promise<LiveOutcome[]> {
  const isElsewhere = from.cell.name !== to.cell.name;
  const sources = [...new Set([to.layout.database, ...(isElsewhere ? [from.layout.database] : []), 'admin'])];
  const names = isElsewhere ? [to.layout.user, from.layout.user] : [to.layout.user];
  const outcomes: LiveOutcome[] = [];
  for (const username of names) {
    for (const source of sources) {
      for (const mechanism of mechanisms) {
        const command: Document = { saslStart: 1, mechanism, user: username };
        outcomes.push({
          name: `log in as ${username === from.layout.user ? 'itself' : 'the other'} in ${source} by ${mechanism}`,
          database: source,
          command,
          verdict: await tryLogin(to, { username, source, mechanism }, password),
        });
      }
    }
  }
  return outcomes;
}
