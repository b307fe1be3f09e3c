import { execFileSync } from 'node:child_process';
import type { StdioOptions } from 'node:child_process';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

/** The process that listens on a port. */
export interface PortOwner {
  readonly pid: number;
  readonly command: string;
}

const LISTENING = '0A';
const MAX_COMMAND_CHARACTERS = 120;

/** The process that listens on a port of this machine; `undefined` if there is none or another user owns it. */
export function portOwner(port: number): PortOwner | undefined {
  try {
    return process.platform === 'linux' ? ownerInProc(port) : ownerByLsof(port);
  } catch {
    return undefined;
  }
}

function ownerInProc(port: number): PortOwner | undefined {
  const sockets = new Set(
    ['tcp', 'tcp6'].flatMap((table) => listeningInodes(table, port)).map((inode) => `socket:[${inode}]`),
  );
  if (sockets.size === 0) return undefined;
  const pid = readdirSync('/proc').find(
    (entry) => /^\d+$/.test(entry) && openFiles(entry).some((file) => sockets.has(file)),
  );
  return pid === undefined
    ? undefined
    : { pid: Number(pid), command: shortened(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')) };
}

function listeningInodes(table: string, port: number): string[] {
  const [, ...lines] = readFileSync(`/proc/net/${table}`, 'utf8').trim().split('\n');
  return lines.flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    return fields[3] === LISTENING && Number.parseInt(fields[1]?.split(':')[1] ?? '', 16) === port
      ? [fields[9] ?? '']
      : [];
  });
}

function openFiles(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
      } catch {
        return [];
      }
    });
  } catch {
    // The process has ended, or another user owns it.
    return [];
  }
}

function ownerByLsof(port: number): PortOwner | undefined {
  const quiet = { encoding: 'utf8' as const, stdio: ['ignore', 'pipe', 'ignore'] as StdioOptions };
  const [pid] = execFileSync('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-t'], quiet)
    .trim()
    .split('\n');
  return pid
    ? { pid: Number(pid), command: shortened(execFileSync('ps', ['-o', 'args=', '-p', pid], quiet)) }
    : undefined;
}

function shortened(command: string): string {
  const text = command.trim();
  return text.length > MAX_COMMAND_CHARACTERS ? `${text.slice(0, MAX_COMMAND_CHARACTERS)}…` : text;
}
