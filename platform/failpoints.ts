import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Named places at which a test can make a process die, wait or fail. Without a directory they cost nothing.
 *
 * A file `<directory>/<name>` arms one for whoever comes, `<directory>/<name>@<tenant>` for what is done for this tenant:
 * `kill` ends the process as SIGKILL does; `pause` waits until the same file with `.release` appended appears; anything
 * else is thrown as an error of that text. The process that reaches it first renames the file to end in `.hit`, so it
 * strikes once.
 */
export interface Failpoints {
  reach(name: string, tenant: string): Promise<void>;
}

/** Tens of operations may be waiting at once. */
const pollMs = 20;

export function createFailpoints(directory: string | undefined): Failpoints {
  if (directory === undefined) return { reach: async () => undefined };
  return {
    async reach(name, tenant) {
      const armed = [join(directory, `${name}@${tenant}`), join(directory, name)].find((path) => existsSync(path));
      if (armed === undefined) return;
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
