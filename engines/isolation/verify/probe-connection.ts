import type { Document, MongoClient } from 'mongodb';
import type { CellWork } from '../home.ts';
import { ask, isWithoutLogin } from './answer.ts';
import type { Answer } from './answer.ts';

/** A connection on which whatever is asked is asked by one who is logged in, also after a command has ended the login. */
export interface ProbeConnection {
  /** @throws TenureError cell_unavailable */
  ask(database: string, command: Document): Promise<Answer>;
  close(): Promise<void>;
}

/**
 * Opens a line to a cell. `connect` has to make clients of one connection, so that a lost login is seen by the next command.
 * Where nobody is logged in, and `loggedIn` says so, there is nothing to lose.
 */
export function openProbeConnection(
  work: CellWork,
  connect: () => MongoClient,
  { loggedIn }: { readonly loggedIn: boolean },
): ProbeConnection {
  let client = connect();

  async function isLoggedIn(): Promise<boolean> {
    const status = await ask(work, client, 'admin', { connectionStatus: 1 });
    const { authenticatedUsers = [] } = (status.kind === 'done' ? status.reply['authInfo'] : {}) as {
      authenticatedUsers?: unknown[];
    };
    return authenticatedUsers.length === 1;
  }

  return {
    async ask(database, command) {
      const answer = await ask(work, client, database, command);
      if (!loggedIn || (answer.kind === 'error' && !isWithoutLogin(answer)) || (await isLoggedIn())) return answer;
      await client.close();
      client = connect();
      // It has been asked without a login, so it is asked anew; or it has ended the login itself, and done what it does.
      return isWithoutLogin(answer) ? ask(work, client, database, command) : answer;
    },
    close: () => client.close(),
  };
}
