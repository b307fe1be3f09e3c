import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { OperatorError } from '../process/operator-error.ts';
import { portOwner } from '../process/port-owner.ts';
import { acquirePidLock, LockHeldError } from '../process/pid-lock.mjs';
import type { PidLock } from '../process/pid-lock.mjs';

/** Every port of an installation on one machine, with its default and the variable that changes it. */
const portDefinitions = {
  temporal: { variable: 'TENURE_PORT_TEMPORAL', defaultPort: 7233, wantedBy: 'the Temporal server' },
  temporalUi: { variable: 'TENURE_PORT_TEMPORAL_UI', defaultPort: 8233, wantedBy: 'the Temporal UI' },
  temporalMetrics: {
    variable: 'TENURE_PORT_TEMPORAL_METRICS',
    defaultPort: 7234,
    wantedBy: "the Temporal server's metrics",
  },
  control: { variable: 'TENURE_PORT_CONTROL', defaultPort: 27117, wantedBy: 'mongod "control"' },
  'eu-west-1': { variable: 'TENURE_PORT_EU_WEST_1', defaultPort: 27118, wantedBy: 'mongod "eu-west-1"' },
  'us-east-1': { variable: 'TENURE_PORT_US_EAST_1', defaultPort: 27119, wantedBy: 'mongod "us-east-1"' },
  api: { variable: 'TENURE_PORT_API', defaultPort: 8080, wantedBy: 'the API' },
  apiOps: { variable: 'TENURE_PORT_API_OPS', defaultPort: 9464, wantedBy: "the API's metrics and health" },
  workerOps: { variable: 'TENURE_PORT_WORKER_OPS', defaultPort: 9465, wantedBy: "the worker's metrics and health" },
} as const;

export type PortName = keyof typeof portDefinitions;
export type Ports = Readonly<Record<PortName, number>>;

const portNames = Object.keys(portDefinitions) as PortName[];

/**
 * The default ports, changed by the environment. Throws {@link OperatorError} for a value that is not a port or is used
 * twice.
 */
export function fixedPorts(environment: NodeJS.ProcessEnv): Ports {
  const ports = {} as Record<PortName, number>;
  const usedBy = new Map<number, string>();
  for (const name of portNames) {
    const { variable, defaultPort } = portDefinitions[name];
    const text = environment[variable];
    const port = text ? Number(text) : defaultPort;
    if (!Number.isInteger(port) || port < 1 || port > 65_535) {
      throw new OperatorError(`${variable}=${text} is not a port; set it to a number from 1 to 65535`);
    }
    const other = usedBy.get(port);
    if (other !== undefined) {
      throw new OperatorError(`${other} and ${variable} both use port ${port}; set one of them to another port`);
    }
    usedBy.set(port, variable);
    ports[name] = port;
  }
  return ports;
}

/**
 * Below the range that Linux, macOS and Windows use for outgoing connections: an outgoing connection could take a free
 * port of that range before the server that it is intended for has started.
 */
const TEST_PORTS = { from: 15_000, to: 32_000 } as const;

/** Ports that this process has reserved until it ends. */
const reserved: PidLock[] = [];

/**
 * Reserves a port that no process listens on. No other process of any clone gets it while this process lives, because
 * its server may not listen on it yet, or not at this moment.
 */
async function reservePort(): Promise<number> {
  for (;;) {
    const port = randomInt(TEST_PORTS.from, TEST_PORTS.to);
    try {
      const lock = acquirePidLock(join(tmpdir(), 'tenure-ports', String(port)), 'a port of a test');
      if (reserved.push(lock) === 1) process.once('exit', () => reserved.forEach(({ release }) => release()));
      await (await listen(port)).close();
      return port;
    } catch (error) {
      if (!(error instanceof LockHeldError) && (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
}

/** Ports for an installation that no other process has or gets while this process lives. */
export async function freePorts(): Promise<Ports> {
  const ports = await Promise.all(portNames.map(async (name) => [name, await reservePort()] as const));
  return Object.fromEntries(ports) as Record<PortName, number>;
}

/** Throws {@link OperatorError} if a port is taken, with the port, its purpose and the variable to set. */
export async function requireFree(ports: Ports, names: readonly PortName[] = portNames): Promise<void> {
  for (const name of names) {
    const { wantedBy, variable } = portDefinitions[name];
    try {
      await (await listen(ports[name])).close();
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      const owner = code === 'EADDRINUSE' ? portOwner(ports[name]) : undefined;
      const user = owner === undefined ? 'another program' : `process ${owner.pid} (${owner.command})`;
      const problem = code === 'EADDRINUSE' ? `is in use by ${user}` : `cannot be opened (${code ?? String(error)})`;
      throw new OperatorError(
        `port ${ports[name]} for ${wantedBy} ${problem}; stop that process or set ${variable} to a free port`,
      );
    }
  }
}

async function listen(port: number): Promise<{ port: number; close: () => Promise<void> }> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1' }, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return {
    port: address.port,
    close: async () => await new Promise((resolve) => server.close(() => resolve())),
  };
}
