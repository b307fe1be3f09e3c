// Plain JavaScript without dependencies, like the whole first step.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

import { processIdentity } from './pid-lock.mjs';

const LOOK_EVERY_MS = 500;
const SHELL = /^-?(ba|da|z|k|a|fi)?sh$/;

/**
 * npm runs a script in a shell, forwards signals only to that shell, and forwards nothing when it is killed. Calls
 * `onEnd` once, when npm or its shell has ended. Does nothing in a process that npm did not start.
 */
export function onEndOfNpm(onEnd) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const { name, ppid } = describeProcess(parent);
  const watched = (SHELL.test(name) ? [parent, ppid] : [parent]).map((pid) => ({
    pid,
    identity: processIdentity(pid),
  }));
  const timer = setInterval(() => {
    if (process.ppid === parent && watched.every(({ pid, identity }) => processIdentity(pid) === identity)) return;
    clearInterval(timer);
    onEnd();
  }, LOOK_EVERY_MS);
  timer.unref();
}

function describeProcess(pid) {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const end = stat.lastIndexOf(')');
      return { name: stat.slice(stat.indexOf('(') + 1, end), ppid: Number(stat.slice(end + 2).split(' ')[1]) };
    }
    const [ppid, command = ''] = execFileSync('ps', ['-o', 'ppid=,comm=', '-p', String(pid)], { encoding: 'utf8' })
      .trim()
      .split(/\s+/);
    return { name: command.slice(command.lastIndexOf('/') + 1), ppid: Number(ppid) };
  } catch {
    // It has already ended; the first check finds that out.
    return { name: '', ppid: 0 };
  }
}
