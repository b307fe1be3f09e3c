import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';

import { OperatorError } from '../process/operator-error.ts';
import { pollUntil } from '../process/poll-until.ts';
import { hasStopped } from '../process/stopped.ts';
import { freeBytesOf } from './data-directory.ts';
import { recordRunning } from './run-directory.ts';

export interface ProcessDefinition {
  /** The name of the log and the pid file, such as `mongod-control`. */
  readonly name: string;
  readonly command: string;
  readonly arguments: readonly string[];
  /** Added to this process's environment. */
  readonly environment?: NodeJS.ProcessEnv;
  readonly runDirectory: string;
  /** The path of its data, if it has any. Without that data it starts from scratch. */
  readonly dataPath?: string;
  /** Returns a new log for each start. */
  readonly openLog: () => string;
}

/** How a process ended: exactly one of the two is not null. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A child process with a pid file for the next start. It can be killed and started again. */
export interface ManagedProcess {
  readonly name: string;
  /** `undefined` while it does not run. */
  readonly pid: number | undefined;
  readonly logFile: string | undefined;
  /** Spawns it, and does not wait until it is ready. Throws if it already runs. */
  spawn(): void;
  /** Resolves when the process of the last `spawn` has ended; immediately if there is none. */
  exited(): Promise<ProcessExit | undefined>;
  /** Sends a signal and waits for its effect: that the process has ended (SIGKILL, SIGTERM) or stopped (SIGSTOP). */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** SIGTERM, then SIGKILL after `graceMs`. */
  stop(graceMs: number): Promise<void>;
  /**
   * Calls `condition` until it returns something other than `undefined`. Throws {@link OperatorError} if the process
   * ends first, or after `timeoutMs`.
   */
  waitUntilReady<T>(condition: () => Promise<T | undefined>, timeoutMs: number): Promise<T>;
  /** A failure in one line: the problem, the last error in the log, and the fix. */
  failure(problem: string): OperatorError;
}

const POLL_MS = 20;
const STOP_TIMEOUT_MS = 10_000;
const MAX_LINE_CHARACTERS = 400;
/** mongod and Temporal exit if they cannot write a few more pages. */
const FULL_BYTES = 10_000_000;

export function createManagedProcess(definition: ProcessDefinition): ManagedProcess {
  const { name, runDirectory } = definition;
  let pid: number | undefined;
  let logFile: string | undefined;
  let lastExit: Promise<ProcessExit> | undefined;
  let forget: (() => void) | undefined;

  const exited = async (): Promise<ProcessExit | undefined> => await lastExit;

  const managed: ManagedProcess = {
    name,
    get pid() {
      return pid;
    },
    get logFile() {
      return logFile;
    },
    exited,

    spawn() {
      if (pid !== undefined) throw new Error(`${name} already runs as process ${pid}`);
      logFile = definition.openLog();
      const log = openSync(logFile, 'a', 0o600);
      // Its own process group, so that Ctrl-C reaches only the parent, which then stops everything in the right order.
      const child = spawn(definition.command, definition.arguments, {
        stdio: ['ignore', log, log],
        detached: true,
        env: { ...process.env, ...definition.environment },
      });
      closeSync(log);
      lastExit = new Promise((resolve) => {
        const ended = (exit: ProcessExit): void => {
          pid = undefined;
          forget?.();
          resolve(exit);
        };
        child.once('exit', (code, signal) => ended({ code, signal }));
        child.once('error', (error) => {
          writeFileSync(logFile!, `${error.message}\n`, { flag: 'a' });
          ended({ code: 127, signal: null });
        });
      });
      pid = child.pid;
      forget = pid === undefined ? undefined : recordRunning(runDirectory, name, pid);
    },

    async kill(signal) {
      if (pid === undefined) return;
      process.kill(pid, signal);
      if (signal === 'SIGKILL' || signal === 'SIGTERM') await exited();
      if (signal === 'SIGSTOP')
        await managed.waitUntilReady(async () => hasStopped(pid!) || undefined, STOP_TIMEOUT_MS);
    },

    async stop(graceMs) {
      if (pid === undefined) return;
      const hard = setTimeout(() => pid !== undefined && process.kill(pid, 'SIGKILL'), graceMs);
      // A stopped (SIGSTOP) process would never see the SIGTERM.
      process.kill(pid, 'SIGCONT');
      await managed.kill('SIGTERM');
      clearTimeout(hard);
    },

    async waitUntilReady(condition, timeoutMs) {
      const startedAs = pid;
      return await pollUntil(
        async () => {
          if (pid !== startedAs || pid === undefined) throw managed.failure('exited during startup');
          return await condition();
        },
        {
          timeoutMs,
          intervalMs: POLL_MS,
          onTimeout: () => managed.failure(`was not ready after ${timeoutMs / 1000} s`),
        },
      );
    },

    failure(problem) {
      const fullDisk = freeBytesOf(runDirectory) < FULL_BYTES ? `the disk of ${runDirectory} is full; ` : '';
      const fix =
        definition.dataPath === undefined
          ? 'fix this'
          : `free space on the disk, or remove ${definition.dataPath} to start without its data`;
      return new OperatorError(
        `${name} ${problem}; ${fullDisk}${lastError(logFile)}; ${fullDisk === '' ? fix : 'free space on it'}, and start again`,
      );
    },
  };
  return managed;
}

/**
 * Prefers a line with an error severity, because the last lines of mongod are about its shutdown, not about the cause.
 */
function lastError(path: string | undefined): string {
  const lines = path !== undefined && existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
  const line = lines.findLast((one) => /"s":"[EF]"/.test(one)) ?? lines.at(-1) ?? '';
  return line === ''
    ? `its log ${path ?? ''} is empty`
    : `last error in its log ${path}: ${line.slice(0, MAX_LINE_CHARACTERS)}`;
}
