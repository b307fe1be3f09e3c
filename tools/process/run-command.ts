import { spawn } from 'node:child_process';

export interface CommandResult {
  /** Exit code; 127 if the program could not be started, 124 if it was killed at its time limit. */
  readonly code: number;
  readonly stdout: string;
  /** Standard error, or why the program could not be started. */
  readonly stderr: string;
  readonly elapsedMs: number;
}

export interface CommandOptions {
  readonly timeoutMs: number;
  readonly cwd?: string;
  readonly environment?: NodeJS.ProcessEnv;
}

/** Runs a program until it exits and returns its output; never rejects. */
export async function runCommand(
  command: string,
  commandArguments: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const started = performance.now();
  return await new Promise((resolve) => {
    const child = spawn(command, commandArguments, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: options.environment ?? process.env,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let timedOut = false;
    const limit = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, options.timeoutMs);
    const finish = (code: number, failure?: string): void => {
      clearTimeout(limit);
      resolve({
        code,
        stdout: Buffer.concat(stdout).toString(),
        stderr: failure ?? Buffer.concat(stderr).toString(),
        elapsedMs: performance.now() - started,
      });
    };
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', (error) => finish(127, error.message));
    child.on('close', (code) =>
      timedOut ? finish(124, `killed after ${options.timeoutMs / 1000} s`) : finish(code ?? 1),
    );
  });
}
