import { freePorts } from '../../tools/stack/ports.ts';
import type { Installation } from './installation.ts';
import { createServiceProcess } from './service-process.ts';
import type { ServiceProcess, ServiceProcessOptions } from './service-process.ts';

/** One more API or worker of an installation, with ports of its own. */
export interface FurtherProcess {
  readonly process: ServiceProcess;
  /** The address of an API. */
  readonly server: string;
  /** The port of its metrics and health checks. */
  readonly opsPort: number;
}

/** Creates a process, with single settings replaced. The caller starts it. */
export async function createFurtherProcess(
  { environment }: Pick<Installation, 'environment'>,
  entry: ServiceProcessOptions['entry'],
  settings: Readonly<Record<string, string>>,
): Promise<FurtherProcess> {
  const { api, apiOps, workerOps } = await freePorts();
  const ports = {
    TENURE_API_PORT: String(api),
    TENURE_API_OPS_PORT: String(apiOps),
    TENURE_WORKER_OPS_PORT: String(workerOps),
  };
  const opsPort = entry === 'api/main.ts' ? apiOps : workerOps;
  return {
    process: createServiceProcess({ entry, opsPort, environment: { ...environment, ...ports, ...settings } }),
    server: `http://127.0.0.1:${api}`,
    opsPort,
  };
}
