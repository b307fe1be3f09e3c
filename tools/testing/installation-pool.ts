import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';

import { startServices } from '../start/services.ts';
import type { EmbeddedStack } from '../stack/embedded-stack.ts';
import { freePorts } from '../stack/ports.ts';
import { testInstallation } from '../stack/process-environment.ts';
import type { Ports } from '../stack/ports.ts';

/** The address of the pool; the test runner sets it for the test files. */
export const installationPoolVariable = 'TENURE_TEST_INSTALLATIONS';

/** A running installation that test files use one after the other, each with empty control data. */
export interface PooledInstallation {
  readonly id: string;
  /** Whether it has a worker. */
  readonly worker: boolean;
  readonly ports: Ports;
  readonly failpointDirectory: string;
}

export interface InstallationPool {
  readonly address: string;
  close(): Promise<void>;
}

/** The settings of every installation in a test: no drift scans, because they repair what tests break. */
export const testSettings = { TENURE_DRIFT_SCAN_SECONDS: '86400' };

/**
 * Serves installations to the test files of a run: `POST /take` starts one, or returns one that a file has given back
 * with `POST /give`; `POST /take-api` is the same for one without a worker. They end with the stack.
 */
export async function openInstallationPool(stack: EmbeddedStack): Promise<InstallationPool> {
  const idle: { readonly [worker in 'true' | 'false']: PooledInstallation[] } = { true: [], false: [] };
  let started = 0;

  async function start(worker: boolean): Promise<PooledInstallation> {
    const id = `pooled${(started += 1)}`;
    const failpointDirectory = join(stack.dataDirectory, `failpoints-${id}`);
    mkdirSync(failpointDirectory);
    const ports = await freePorts();
    const environment = {
      ...stack.processEnvironment(testInstallation(id, ports)),
      TENURE_FAILPOINT_DIR: failpointDirectory,
      ...testSettings,
    };
    await startServices(stack, { environment, ports, suffix: `-${id}`, names: worker ? ['worker', 'api'] : ['api'] });
    return { id, worker, ports, failpointDirectory };
  }

  const server = createServer((request, response) => {
    const answer = async (): Promise<unknown> => {
      if (request.url !== '/give') {
        const worker = request.url === '/take';
        return idle[`${worker}`].pop() ?? (await start(worker));
      }
      const given = (await json(request)) as PooledInstallation;
      idle[`${given.worker}`].push(given);
      return {};
    };
    answer().then(
      (body) => response.end(JSON.stringify(body)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
