import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Named points at which a test can make a process die, wait or fail. Without a directory they cost nothing.
 *
 * A file `<directory>/<name>` arms a failpoint for all work, `<directory>/<name>@<tenant>` for work on this tenant. Its
 * content is the action: `kill` sends SIGKILL to the process; `pause` waits until a file with `.release` appended to
 * the name appears; any other text is thrown as an error. The first process that reaches the failpoint appends `.hit`
 * to the file name, so it triggers only once.
 */
export interface Failpoints {
  reach(name: string, tenant: string): Promise<void>;
}

/** Dozens of operations may wait at once, so do not poll more often. */
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
