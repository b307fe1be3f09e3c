import { fileURLToPath } from 'node:url';
import { nodeFlags } from '../../platform/processes.ts';
import type { EmbeddedStack } from '../stack/embedded-stack.ts';
import type { ManagedProcess } from '../stack/managed-process.ts';

const readyTimeoutMs = 60_000;

async function isReady(port: number): Promise<true | undefined> {
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
  return answer?.ok === true ? true : undefined;
}

/** Starts the worker and the API on the stack, and resolves when both are ready. */
export async function startServices(stack: EmbeddedStack): Promise<ManagedProcess[]> {
  const environment = stack.processEnvironment();
  const services = [
    { name: 'worker', entry: '../../workers/main.ts', opsPort: stack.ports.workerOps },
    { name: 'api', entry: '../../api/main.ts', opsPort: stack.ports.apiOps },
  ] as const;
  return await Promise.all(
    services.map(async ({ name, entry, opsPort }) => {
      const service = stack.createProcess({
        name,
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
