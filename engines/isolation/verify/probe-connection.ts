import type { Document, MongoClient } from 'mongodb';
import type { CellWork } from '../home.ts';
import { ask, isWithoutLogin } from './answer.ts';
import type { Answer } from './answer.ts';

/** A connection that sends every command logged in, even after a command has ended the login. */
export interface ProbeConnection {
  /** @throws TenureError cell_unavailable */
  ask(database: string, command: Document): Promise<Answer>;
  close(): Promise<void>;
}

/**
 * Opens a connection to a cell. `connect` must make clients with a pool of one connection, so that the next command
 * notices a lost login. If `loggedIn` is false, there is no login to lose.
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
      // Either the command was sent without a login, so send it again; or it ended the login itself and has had its
      // effect.
      return isWithoutLogin(answer) ? ask(work, client, database, command) : answer;
    },
    close: () => client.close(),
  };
}
