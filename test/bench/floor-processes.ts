import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What the product is held against, in processes of their own as the product's are. */
export interface FloorProcesses {
  readonly taskQueue: string;
  readonly rawServer: string;
  stop(): Promise<void>;
}

export interface FloorOptions {
  readonly temporal: { readonly address: string; readonly namespace: string };
  readonly controlUri: string;
  readonly database: string;
  readonly port: number;
  readonly tenant: string;
}

async function startUntilReady(script: string, commandArguments: readonly string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, [fileURLToPath(new URL(script, import.meta.url)), ...commandArguments], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (text.includes('ready')) resolve();
    });
    child.once('exit', (code) => reject(new Error(`${script} ended with ${code}: ${said}`)));
  });
  return child;
}

export async function startFloorProcesses({ temporal, controlUri, database, port, tenant }: FloorOptions): Promise<FloorProcesses> {
  const taskQueue = 'floor';
  const children = await Promise.all([
    startUntilReady('./floor/bare-worker.ts', [temporal.address, temporal.namespace, taskQueue]),
    startUntilReady('./floor/raw-server.ts', [String(port), controlUri, database, tenant]),
  ]);
  return {
    taskQueue,
    rawServer: `http://127.0.0.1:${port}`,
    async stop() {
      await Promise.all(
        children.map(async (child) => {
          const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
          child.kill('SIGKILL');
          await exited;
        }),
      );
    },
  };
}
