import type { EmbeddedStack } from '../../tools/stack/embedded-stack.ts';
import { replicaSetNames } from '../../tools/stack/mongod.ts';
import type { Installation } from '../harness/installation.ts';
import type { ServiceProcess } from '../harness/service-process.ts';

/** A process that chaos strikes. */
export interface Victim {
  /** Such as `api 2`. */
  readonly name: string;
  readonly kind: 'api' | 'worker' | 'control' | 'cell' | 'temporal';
  /** Sends SIGKILL. Resolves when the process has ended. */
  kill(): Promise<void>;
  /** Starts it again. Resolves when it is ready for work. */
  start(): Promise<void>;
  /** SIGSTOP and SIGCONT. */
  pause(): void;
  resume(): void;
}

function send(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined || pid === 0) return;
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function service(kind: 'api' | 'worker', number: number, process: ServiceProcess): Victim {
  return {
    name: `${kind} ${number}`,
    kind,
    kill: () => process.kill('SIGKILL'),
    async start() {
      process.start();
      // What it depends on may itself be unavailable for as long as a pause lasts.
      await process.ready();
    },
    pause: () => send(process.pid, 'SIGSTOP'),
    resume: () => send(process.pid, 'SIGCONT'),
  };
}

interface StackPart {
  readonly pid: number | undefined;
  start(): Promise<void>;
  kill(signal: NodeJS.Signals): Promise<void>;
}

function stackPart(name: string, kind: Victim['kind'], part: StackPart): Victim {
  return {
    name,
    kind,
    kill: () => part.kill('SIGKILL'),
    start: () => part.start(),
    pause: () => send(part.pid, 'SIGSTOP'),
    resume: () => send(part.pid, 'SIGCONT'),
  };
}

/** Every process of the installation, and of its own stack if it has one. */
export function victimsOf({ replicas }: Pick<Installation, 'replicas'>, stack: EmbeddedStack | undefined): Victim[] {
  const services = replicas.flatMap(({ api, worker }, index) => [
    service('api', index + 1, api),
    service('worker', index + 1, worker),
  ]);
  if (stack === undefined) return services;
  const mongods = replicaSetNames.map((name) =>
    stackPart(`mongod ${name}`, name === 'control' ? 'control' : 'cell', stack.mongodHandle(name)),
  );
  return [...services, ...mongods, stackPart('temporal', 'temporal', stack.temporalServer)];
}
