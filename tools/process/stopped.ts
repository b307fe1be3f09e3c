import { readFileSync, readdirSync } from 'node:fs';

/**
 * Whether a process to which SIGSTOP was sent has stopped. On a busy machine its threads may run for some milliseconds
 * longer, and answer requests. True where the state of threads cannot be read, as on macOS.
 */
export function hasStopped(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).every((thread) => {
      const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
      // The state follows the name, which is in parentheses and may contain some.
      return stat.slice(stat.lastIndexOf(')')).startsWith(') T');
    });
  } catch {
    return true;
  }
}
