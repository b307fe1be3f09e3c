import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { compile } from './compile.ts';
import { OperatorError, runMain } from './process/operator-error.ts';
import { createEmbeddedStack, defaultControlDatabases } from './stack/embedded-stack.ts';
import type { EmbeddedStack } from './stack/embedded-stack.ts';
import { defaultDataDirectory } from './stack/data-directory.ts';
import { replicaSetNames } from './stack/mongod.ts';
import { fixedPorts, requireFree } from './stack/ports.ts';
import { writeOperatorContext } from './start/credentials.ts';
import { settleEarlierStart } from './start/earlier-start.ts';
import { runCli } from './start/run-cli.ts';
import { startServices } from './start/services.ts';
import { acquireToolchain } from './toolchain/acquire.ts';

const clone = fileURLToPath(new URL('..', import.meta.url));
const INTERRUPTED = 130;

/** Reports a phase and its duration, and a line in between if it takes longer than two seconds. */
async function phase<T>(name: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const waiting = setTimeout(() => console.error(`  ${name} …`), 2_000);
  try {
    const result = await work();
    console.error(`✓ ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
    return result;
  } finally {
    clearTimeout(waiting);
  }
}

/**
 * Starts a whole installation on this machine, applies `examples/`, and serves until Ctrl-C (with `--once`, stops at
 * once).
 */
async function main(): Promise<number> {
  const once = process.argv.includes('--once');
  const unknown = process.argv.slice(2).filter((argument) => argument !== '--once');
  if (unknown.length > 0)
    throw new OperatorError(
      `unknown argument of npm start: ${unknown.join(' ')}; the only option is: npm start -- --once`,
    );

  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => interruption.abort());
  // A function, because the compiler would assume that a flag that was false stays false.
  const isInterrupted = (): boolean => interruption.signal.aborted;
  const interrupted = new Promise<'interrupted'>((resolve) => {
    interruption.signal.addEventListener('abort', () => resolve('interrupted'));
  });

  const ports = fixedPorts(process.env);
  const dataDirectory = defaultDataDirectory(process.env, clone);
  await settleEarlierStart(dataDirectory, console.error);
  await requireFree(ports, ['api', 'apiOps', 'workerOps']);
  const tools = await phase(
    'toolchain',
    async () => await acquireToolchain({ environment: process.env, report: console.error }),
  );
  await phase('policies and workflows', async () => await compile(process.env));

  let stack: EmbeddedStack | undefined;
  try {
    stack = await phase(
      'Temporal and three MongoDB replica sets',
      async () =>
        await createEmbeddedStack({
          dataDirectory,
          temporary: false,
          ports,
          tools,
          temporalStorage: 'file',
          temporalUi: true,
          controlDatabases: defaultControlDatabases,
        }),
    );
    if (isInterrupted()) return INTERRUPTED;
    const running = stack;
    const server = `http://127.0.0.1:${ports.api}`;
    await writeOperatorContext(running, server);
    const services = await phase('worker and API', async () => await startServices(running));
    if (isInterrupted()) return INTERRUPTED;

    console.error('\n$ ./tenure apply -f examples --wait');
    const applied = await Promise.race([
      interrupted,
      runCli(running.dataDirectory, ['apply', '-f', 'examples', '--wait']),
    ]);
    if (applied === 'interrupted') return INTERRUPTED;
    console.error('\n$ ./tenure get tenants');
    const listed = await runCli(running.dataDirectory, ['get', 'tenants']);
    if (once) return applied === 0 ? listed : applied;
    if (applied !== 0)
      console.error('\nThe examples were not applied; see the errors above. The installation keeps running.');

    console.error(
      welcome({
        api: server,
        ui: `http://127.0.0.1:${ports.temporalUi}`,
        logs: `${running.dataDirectory}/logs`,
        context: dataDirectory === defaultDataDirectory({}, clone) ? undefined : join(dataDirectory, 'context.json'),
      }),
    );
    const parts = [...services, running.temporalServer, ...replicaSetNames.map(running.mongodHandle)];
    const ended = await Promise.race([interrupted, ...parts.map(async (part) => (await part.exited(), part))]);
    if (ended === 'interrupted') return 0;
    throw ended.failure('exited unexpectedly');
  } finally {
    if (stack !== undefined) {
      const stopping = stack;
      await phase('stopped', async () => await stopping.stop());
    }
  }
}

interface Welcome {
  readonly api: string;
  readonly ui: string;
  readonly logs: string;
  /** Set if the CLI does not find it by default. */
  readonly context: string | undefined;
}

function welcome({ api, ui, logs, context }: Welcome): string {
  return `
  API          ${api}
  API docs     ${api}/docs
  Temporal UI  ${ui}
  Logs         ${logs}

Try in another terminal:${
    context === undefined
      ? ''
      : `
  export TENURE_CONTEXT='${context}'`
  }
  ./tenure describe tenant acme
  ./tenure explain config pied-piper
  ./tenure operations
  ./tenure get tenant acme -o yaml

Ctrl-C stops everything; the data is kept.`;
}

await runMain(main);
