import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What the product is compared with, in a separate process like those of the product. */
export interface FloorProcess {
  stop(): Promise<void>;
}

async function startUntilReady(script: string, commandArguments: readonly string[]): Promise<FloorProcess> {
  const child = spawn(process.execPath, [fileURLToPath(new URL(script, import.meta.url)), ...commandArguments], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (text.includes('ready')) resolve();
    });
    child.once('exit', (code) => reject(new Error(`${script} ended with ${code}: ${said}`)));
  });
  return {
    async stop() {
      const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Starts a worker without any part of the product. */
export async function startBareWorker(
  { address, namespace }: { readonly address: string; readonly namespace: string },
  taskQueue: string,
): Promise<FloorProcess> {
  return startUntilReady('./floor/bare-worker.ts', [address, namespace, taskQueue]);
}

export interface RawServer extends FloorProcess {
  readonly url: string;
}

/** Starts express, which answers with documents of the registry. */
export async function startRawServer(options: {
  readonly port: number;
  readonly controlUri: string;
  readonly database: string;
  readonly tenant: string;
}): Promise<RawServer> {
  const { port, controlUri, database, tenant } = options;
  return {
    ...(await startUntilReady('./floor/raw-server.ts', [String(port), controlUri, database, tenant])),
    url: `http://127.0.0.1:${port}`,
  };
}
