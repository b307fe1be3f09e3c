import { createServer } from 'node:net';
import { Runtime, makeTelemetryFilterString } from '@temporalio/worker';
import type { LogLevel as SdkLogLevel } from '@temporalio/worker';
import type { Logger } from '../platform/logging.ts';

const levels: Readonly<Record<SdkLogLevel, 'debug' | 'info' | 'warn' | 'error'>> = {
  TRACE: 'debug',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
};

/** Only these of the SDK's log attributes are passed on. */
function knownFields(meta: Readonly<Record<string, unknown>> = {}): Record<string, string | number> {
  const known = ['sdkComponent', 'taskQueue', 'workflowId', 'runId', 'activityType', 'attempt', 'namespace'] as const;
  const fields: Record<string, string | number> = {};
  for (const key of known) {
    const value = meta[key];
    if (typeof value === 'string' || typeof value === 'number') fields[key] = value;
  }
  const error = meta['error'];
  if (error instanceof Error) fields['error'] = error.message;
  return fields;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new TypeError('the server has no port');
  return address.port;
}

/**
 * Sets up the SDK's native part, once per process: it logs through Tenure's logger and serves its metrics on a loopback
 * port. Returns a function that reads them.
 */
export async function installTemporalRuntime(logger: Logger): Promise<() => Promise<string>> {
  const bindAddress = `127.0.0.1:${await freePort()}`;
  const logAt = (level: SdkLogLevel, message: string, meta?: Record<string, unknown>): void =>
    logger[levels[level]](message, knownFields(meta));
  Runtime.install({
    shutdownSignals: [],
    logger: {
      log: logAt,
      trace: (message, meta) => logAt('TRACE', message, meta),
      debug: (message, meta) => logAt('DEBUG', message, meta),
      info: (message, meta) => logAt('INFO', message, meta),
      warn: (message, meta) => logAt('WARN', message, meta),
      error: (message, meta) => logAt('ERROR', message, meta),
    },
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) },
      metrics: {
        prometheus: { bindAddress, unitSuffix: true, useSecondsForDurations: true, countersTotalSuffix: true },
      },
    },
  });
  return async () => {
    const response = await fetch(`http://${bindAddress}/metrics`);
    return response.text();
  };
}
