import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { nodeFlags } from '../../platform/processes.ts';
import { until } from './until.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

const running = new Set<ChildProcess>();
let isArmed = false;

/** Ends the child with this process, also when a test, a benchmark or the fault matrix is interrupted. */
function endWithThisProcess(child: ChildProcess): void {
  if (!isArmed) {
    isArmed = true;
    process.once('exit', () => running.forEach((one) => one.kill('SIGKILL')));
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      if (process.listenerCount(signal) === 0)
        process.once(signal, () => process.exit(128 + constants.signals[signal]));
    }
  }
  running.add(child);
}

/** The API or the worker as a process of its own, which can be killed and started again. */
export interface ServiceProcess {
  readonly pid: number;
  /** `null` until it has ended by itself. */
  readonly exitCode: number | null;
  /** Whether it has been started and has not ended. */
  readonly runs: boolean;
  /** Everything it has written so far, across all its starts. */
  readonly output: () => string;
  start(): void;
  /** Resolves when it is ready for work. */
  ready(): Promise<void>;
  /** Resolves when the process has ended. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Resolves when the process has ended, for any reason. */
  ended(): Promise<void>;
}

export interface ServiceProcessOptions {
  readonly entry: 'workers/main.ts' | 'api/main.ts';
  readonly environment: Readonly<Record<string, string>>;
  readonly opsPort: number;
}

export function createServiceProcess({ entry, environment, opsPort }: ServiceProcessOptions): ServiceProcess {
  let output = '';
  let child: ChildProcess | undefined;
  let ended: Promise<void> = Promise.resolve();
  return {
    get pid() {
      return child?.pid ?? 0;
    },
    get exitCode() {
      return child?.exitCode ?? null;
    },
    get runs() {
      return child !== undefined && child.exitCode === null && child.signalCode === null;
    },
    output: () => output,
    start() {
      const { PATH = '', HOME = '', NODE_COMPILE_CACHE = '', NODE_COMPILE_CACHE_PORTABLE = '' } = process.env;
      const started = spawn(process.execPath, [...nodeFlags[entry === 'api/main.ts' ? 'api' : 'worker'], entry], {
        cwd: root,
        env: { PATH, HOME, NODE_COMPILE_CACHE, NODE_COMPILE_CACHE_PORTABLE, ...environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      child = started;
      endWithThisProcess(started);
      for (const stream of [started.stdout, started.stderr])
        stream.setEncoding('utf8').on('data', (text: string) => (output += text));
      ended = new Promise((resolve) => {
        started.once('exit', () => {
          running.delete(started);
          resolve();
        });
      });
    },
    async ready() {
      let told = 'nothing';
      const isReady = async (): Promise<boolean> => {
        const ended = child?.exitCode ?? child?.signalCode;
        if (ended != null) throw new Error(`${entry} ended with ${ended}`);
        const answer = await fetch(`http://127.0.0.1:${opsPort}/readyz`).catch(() => undefined);
        if (answer !== undefined) told = `${answer.status} ${await answer.text()}`;
        return answer?.ok === true;
      };
      await until(`${entry} is ready`, isReady).catch((error: unknown) => {
        throw new Error(`${String(error)}; its last answer was ${told}, and it wrote:\n${output.slice(-4000)}`, {
          cause: error,
        });
      });
    },
    async kill(signal) {
      child?.kill(signal);
      await ended;
    },
    ended: () => ended,
  };
}
