import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Named places at which a test can make a process die, wait or fail. Without a directory they cost nothing.
 *
 * A file `<directory>/<name>` arms one: `kill` ends the process as SIGKILL does; `pause` waits until the file
 * `<name>.release` appears; anything else is thrown as an error of that text. The process that reaches it first renames
 * the file to `<name>.hit`, so it strikes once.
 */
export interface Failpoints {
  reach(name: string): Promise<void>;
}

const pollMs = 5;

export function createFailpoints(directory: string | undefined): Failpoints {
  if (directory === undefined) return { reach: async () => undefined };
  return {
    async reach(name) {
      const armed = join(directory, name);
      if (!existsSync(armed)) return;
      const action = readFileSync(armed, 'utf8').trim();
      try {
        renameSync(armed, `${armed}.hit`);
      } catch {
        return; // Another process was first.
      }
      if (action === 'kill') process.kill(process.pid, 'SIGKILL');
      if (action === 'kill' || action === 'pause') {
        while (!existsSync(`${armed}.release`)) await delay(pollMs);
        return;
      }
      throw new Error(action);
    },
  };
}
