import { fileURLToPath } from 'node:url';
import { nodeFlags } from '../../platform/processes.ts';
import type { EmbeddedStack } from '../stack/embedded-stack.ts';
import type { ManagedProcess } from '../stack/managed-process.ts';
import type { Ports } from '../stack/ports.ts';

const readyTimeoutMs = 60_000;

async function isReady(port: number): Promise<true | undefined> {
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
  return answer?.ok === true ? true : undefined;
}

/** Which installation to start; the default is that of `npm start`. */
export interface ServicesOptions {
  readonly environment: Readonly<Record<string, string>>;
  readonly ports: Pick<Ports, 'workerOps' | 'apiOps'>;
  /** Appended to the names of the processes. */
  readonly suffix: string;
  /** Without the worker, what the API accepts is not carried out. */
  readonly names?: readonly ('worker' | 'api')[];
}

/** Starts the worker and the API on the stack, and resolves when they are ready. */
export async function startServices(
  stack: EmbeddedStack,
  { environment, ports, suffix, names = ['worker', 'api'] }: ServicesOptions = {
    environment: stack.processEnvironment(),
    ports: stack.ports,
    suffix: '',
  },
): Promise<ManagedProcess[]> {
  const services = [
    { name: 'worker', entry: '../../workers/main.ts', opsPort: ports.workerOps },
    { name: 'api', entry: '../../api/main.ts', opsPort: ports.apiOps },
  ] as const;
  return await Promise.all(
    services
      .filter(({ name }) => names.includes(name))
      .map(async ({ name, entry, opsPort }) => {
        const service = stack.createProcess({
          name: `${name}${suffix}`,
          command: process.execPath,
          arguments: [...nodeFlags[name], fileURLToPath(new URL(entry, import.meta.url))],
          environment,
        });
        service.spawn();
        await service.waitUntilReady(() => isReady(opsPort), readyTimeoutMs);
        return service;
      }),
  );
}
